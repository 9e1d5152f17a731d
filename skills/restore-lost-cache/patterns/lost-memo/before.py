def factor(percent: float, months: int) -> float:
    """Share of the price that is due every month."""
    present = 0.0
    for month in range(1, months + 1):
        present += (1.0 + percent / 1200.0) ** -month
    return 1.0 / present
