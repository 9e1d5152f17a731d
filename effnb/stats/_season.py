"""What repeats: the period of a series, found in its spectrum, and the course of one period."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from effnb.stats._jit import compiled

Floats = npt.NDArray[np.float64]

SPECTRUM_POINTS = 512
PEAK = 25.0
"""A peak must be so many times higher than most of the spectrum around it; noise does that once in 2²⁵ frequencies."""
FEWEST_CYCLES = 2.5
COURSE_BINS = 64
MOST_HARMONICS = 12


@compiled
def find_period(values: Floats) -> float:
    """Points per cycle of the strongest cycle that stands out of the spectrum around it; 0 when none does.

    At least two and a half cycles must be there. Changes of level and noise that hangs together fill the low end of
    a spectrum smoothly; a cycle is a peak. Long series are read as means of up to four points.
    """
    n = values.size
    thin = min(4, max(1, (n + SPECTRUM_POINTS - 1) // SPECTRUM_POINTS))
    length = n // thin
    if length < 24:
        return 0.0
    power, size = _spectrum(values, thin, length)
    per_bin = size / length
    first = int(np.ceil(FEWEST_CYCLES * per_bin))
    best = 0.0
    peak = 0
    for k in range(first, size // 2 - 1):
        # A falling spectrum must not hide a peak further up.
        if (
            power[k] >= power[k - 1]
            and power[k] >= power[k + 1]
            and power[k] * k > best
            and _stands_out(power, k, per_bin)
        ):
            best = power[k] * k
            peak = k
    if peak == 0:
        return 0.0
    half = peak // 2
    for k in range(max(first, half - 1), half + 2):
        if power[k] >= power[k - 1] and power[k] >= power[k + 1] and _stands_out(power, k, per_bin):
            peak = k
            break
    return _whole(thin * size / _vertex(power, peak), n)


@compiled
def _spectrum(values: Floats, thin: int, length: int) -> tuple[Floats, int]:
    """Squared Fourier magnitudes of thinned values under a Hann window, zero-padded to a power of two."""
    size = 32
    while size < length:
        size *= 2
    real = np.zeros(size)
    for i in range(length):
        total = 0.0
        for j in range(thin):
            total += values[i * thin + j]
        real[i] = total / thin
    mean = np.sum(real) / length
    turn = np.exp(2j * np.pi / length)
    hand = np.exp(1j * np.pi / length)
    for i in range(length):
        real[i] = (real[i] - mean) * (0.5 - 0.5 * hand.real)
        hand *= turn
    # Even and odd points as the parts of one complex series of half the length, taken apart again afterwards.
    half = size // 2
    wave = np.empty(half, np.complex128)
    for i in range(half):
        wave[i] = complex(real[2 * i], real[2 * i + 1])
    _transform(wave)
    power = np.empty(half + 1)
    turn = np.exp(-2j * np.pi / size)
    hand = 1.0 + 0.0j
    for k in range(half + 1):
        here = wave[k % half]
        mirrored = np.conj(wave[(half - k) % half])
        whole = 0.5 * (here + mirrored) - 0.5j * hand * (here - mirrored)
        power[k] = whole.real**2 + whole.imag**2
        hand *= turn
    return power, size


@compiled
def _transform(wave: npt.NDArray[np.complex128]) -> None:
    """Fourier transform in place; the length is a power of two (Cooley and Tukey)."""
    size = wave.size
    j = 0
    for i in range(1, size):
        bit = size >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            wave[i], wave[j] = wave[j], wave[i]
    width = 2
    while width <= size:
        half = width // 2
        factors = np.empty(half, np.complex128)
        turn = np.exp(-2j * np.pi / width)
        factor = 1.0 + 0.0j
        for offset in range(half):
            factors[offset] = factor
            factor *= turn
        for start in range(0, size, width):
            for offset in range(half):
                even = wave[start + offset]
                odd = wave[start + half + offset] * factors[offset]
                wave[start + offset] = even + odd
                wave[start + half + offset] = even - odd
        width *= 2


@compiled
def _stands_out(power: Floats, k: int, per_bin: float) -> bool:
    """Whether a bin is ``PEAK`` times as high as most of those from 2/5 to 5/2 of its frequency, itself left out."""
    reach = int(np.ceil(2 * per_bin))
    low = max(int(k / 2.5), int(per_bin))
    high = min(max(int(k * 2.5), k + int(12 * per_bin)), power.size - 1)
    stride = 1 + (high - low) // 96
    count = lower = 0
    for i in range(low, high + 1, stride):
        if abs(i - k) > reach:
            count += 1
            lower += power[i] * PEAK < power[k]
    return count >= 6 and 2 * lower > count


@compiled
def _vertex(power: Floats, k: int) -> float:
    """Where the parabola through a peak and the bins beside it is highest, in logarithms."""
    left, middle, right = np.log(power[k - 1] + 1e-300), np.log(power[k] + 1e-300), np.log(power[k + 1] + 1e-300)
    bend = left - 2 * middle + right
    return k + 0.5 * (left - right) / bend if bend < 0 else float(k)


@compiled
def _whole(period: float, n: int) -> float:
    """The nearest whole number of points if that drifts less than a tenth of a cycle over the series."""
    whole = np.rint(period)
    return whole if whole >= 2 and abs(period - whole) / period * n / period < 0.1 else period


@compiled
def less_cycle_mean(values: Floats, period: float) -> Floats:
    """Values less the mean of the cycle around each; at the ends, of the nearest whole cycle."""
    n = values.size
    width = min(max(int(np.rint(period)), 1), n)
    sums = np.zeros(n + 1)
    for t in range(n):
        sums[t + 1] = sums[t] + values[t]
    rest = np.empty(n)
    part = 1 / width
    for t in range(n):
        first = min(max(t - width // 2, 0), n - width)
        rest[t] = values[t] - (sums[first + width] - sums[first]) * part
    return rest


@compiled
def season(rest: Floats, period: float) -> Floats:
    """The repeating part of values without level: the harmonics of ``period`` that exceed what noise leaves.

    Values are averaged by phase; each harmonic of the mean course is kept if its power is three times that of noise
    (one in twenty by chance).
    """
    n = rest.size
    bins = min(COURSE_BINS, max(2, int(np.rint(period))))
    course = np.zeros(bins)
    count = np.zeros(bins)
    phase = np.empty(n, np.int64)
    position = 0.0
    for t in range(n):
        phase[t] = min(int(position * bins / period), bins - 1)
        course[phase[t]] += rest[t]
        count[phase[t]] += 1
        position += 1.0
        if position >= period:
            position -= period
    for b in range(bins):
        course[b] /= max(count[b], 1)
    noise = 0.0
    for t in range(n):
        noise += (rest[t] - course[phase[t]]) ** 2
    noise /= n
    smooth = np.zeros(bins)
    circle = np.exp(2j * np.pi * np.arange(bins) / bins)
    for harmonic in range(1, min(MOST_HARMONICS, bins // 2) + 1):
        wave = 0.0 + 0.0j
        for b in range(bins):
            wave += course[b] * circle[harmonic * b % bins]
        wave *= 2 / bins
        if wave.real**2 + wave.imag**2 > 3 * 4 * noise / n:
            for b in range(bins):
                turned = circle[harmonic * b % bins]
                smooth[b] += wave.real * turned.real + wave.imag * turned.imag
    seasonal = np.empty(n)
    position = 0.0
    again = int(period) if period == np.floor(period) else n
    for t in range(n):
        if t >= again:
            seasonal[t] = seasonal[t - again]
            continue
        # Between the centres of two bins, along a line.
        place = position * bins / period - 0.5
        below = int(np.floor(place))
        share = place - below
        seasonal[t] = (1 - share) * smooth[below % bins] + share * smooth[(below + 1) % bins]
        position += 1.0
        if position >= period:
            position -= period
    return seasonal
