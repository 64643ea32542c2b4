"""Statistics by hand for the tests of the cookbook: slow, plain, and not what the extension does."""

import math

Z = 1.959963984540054  # of 95 %


def wilson(k, n):
    """The two rates whose distance from k/n is Z standard errors, found by bisection."""
    bounds = []
    for low, high in ((0.0, k / n), (k / n, 1.0)):
        for _ in range(100):
            middle = (low + high) / 2
            outside = abs(k / n - middle) > Z * math.sqrt(middle * (1 - middle) / n)
            if outside == (middle < k / n):
                low = middle
            else:
                high = middle
        bounds.append(low)
    return bounds


def difference(k, n, control, m):
    (low, high), (control_low, control_high) = wilson(k, n), wilson(control, m)
    p, q = k / n, control / m
    pooled = (k + control) / (n + m)
    z = (p - q) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return (p - q, p - q - math.hypot(p - low, control_high - q), p - q + math.hypot(high - p, q - control_low),
            math.erfc(abs(z) / math.sqrt(2)))


def pairs(rows):
    """Of all pairs of a good and another row, those in which the good one has more; ties one half."""
    good, other = [p for p, y in rows if y], [p for p, y in rows if not y]
    return sum((a > b) + (a == b) / 2 for a in good for b in other) / len(good) / len(other)


def solve(matrix, right):
    """Gauss-Jordan, the largest pivot first."""
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for i in range(len(rows)):
        best = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i])]
    return [row[-1] for row in rows]


def probability(weights, x):
    return 1 / (1 + math.exp(-sum(w * value for w, value in zip(weights, x))))


def fit(rows):
    """Newton's method on the likelihood; rows of (y, x), x begins with 1."""
    n = len(rows[0][1])
    weights = [0.0] * n
    for _ in range(60):
        ps = [probability(weights, x) for _, x in rows]
        gradient = [sum((y - p) * x[i] for (y, x), p in zip(rows, ps)) for i in range(n)]
        hessian = [[sum(p * (1 - p) * x[i] * x[k] for (_, x), p in zip(rows, ps)) for k in range(n)] for i in range(n)]
        weights = [w + step for w, step in zip(weights, solve(hessian, gradient))]
    assert max(map(abs, gradient)) < 1e-6
    return weights, [math.sqrt(solve(hessian, [float(i == k) for k in range(n)])[i]) for i in range(n)]
