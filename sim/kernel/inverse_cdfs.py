"""Laws of chance, compiled: the number at which a law's cumulative share is `u`."""

from __future__ import annotations

import math

from sim.kernel.arrays import F64
from sim.kernel.compiled import jit, jit_loop

HALF_STEP = 2.0**-54  # moves a uniform off 0, where an inverse law is infinite

# Wichura (1988), doi:10.2307/2347330, algorithm AS 241: numerator and denominator of the ratios
# of polynomials near the middle, in the tails and far out; relative error 1e-16.
_MIDDLE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip
_Ratio = tuple[tuple[float, ...], tuple[float, ...]]


@jit_loop
def _ratio(coefficients: _Ratio, x: float) -> float:
    """Return the ratio of two polynomials of degree 7 at `x`."""
    a, b = coefficients
    above = ((((((a[7] * x + a[6]) * x + a[5]) * x + a[4]) * x + a[3]) * x + a[2]) * x + a[1]) * x
    below = ((((((b[7] * x + b[6]) * x + b[5]) * x + b[4]) * x + b[3]) * x + b[2]) * x + b[1]) * x
    return (above + a[0]) / (below + b[0])


@jit_loop
def normal(u: float) -> float:
    """Return the standard normal number of a uniform in [0, 1)."""
    u += HALF_STEP
    q = u - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(_MIDDLE, 0.180625 - q * q)
    r = math.sqrt(-math.log(u if q < 0.0 else max(1.0 - u, HALF_STEP)))
    z = _ratio(_TAIL, r - 1.6) if r <= 5.0 else _ratio(_FAR, r - 5.0)
    return -z if q < 0.0 else z


@jit
def laplace(scale: float, u: float) -> float:
    """Return the Laplace number, mean 0, of a uniform in [0, 1)."""
    if u < 0.5:
        return scale * math.log(2.0 * (u + HALF_STEP))
    return -scale * math.log(2.0 * (1.0 - u + HALF_STEP))


@jit_loop
def poisson(mean: float, u: float) -> int:
    """Return the Poisson number of a uniform in [0, 1)."""
    count = 0
    p = math.exp(-mean)
    while u >= p > 0.0:
        u -= p
        count += 1
        p *= mean / count
    return count


@jit
def pick(cumulative: F64, u: float) -> int:
    """Return the index at which a cumulative law passes `u`; rounding cannot leave the law."""
    low, high = 0, cumulative.size - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] <= u:
            low = middle + 1
        else:
            high = middle
    return low
