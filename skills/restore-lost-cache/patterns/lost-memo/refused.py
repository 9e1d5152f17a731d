def factor(percent: float, months: int) -> float:
    present = 0.0
    for month in range(2, months + 1):
        present += (1.0 + percent / 1200.0) ** -month
    return 1.0 / present
