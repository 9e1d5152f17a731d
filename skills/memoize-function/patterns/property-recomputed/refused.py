class Cart:
    def __init__(self, amounts: tuple[int, ...]) -> None:
        self._amounts = amounts

    @property
    def total(self) -> int:
        return sum(amount for amount in self._amounts)

    def clear(self) -> None:
        self._amounts = ()
