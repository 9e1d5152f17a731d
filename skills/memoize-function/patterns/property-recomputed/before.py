class Order:
    """An order whose lines are settled when it is made."""

    def __init__(self, amounts: tuple[int, ...]) -> None:
        self._amounts = amounts

    @property
    def total(self) -> int:
        """Sum of all lines."""
        return sum(amount for amount in self._amounts)
