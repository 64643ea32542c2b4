"""References of logistic regression: a Newton of a few lines with a ridge, and separation decided in whole numbers."""

import itertools
import math
from fractions import Fraction


def solve(matrix, columns):
    """The columns X of matrix X = columns, by elimination with pivots."""
    n = len(matrix)
    rows = [[*map(float, row), *map(float, right)] for row, right in zip(matrix, columns)]
    for i in range(n):
        best = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i])]
    return [row[n:] for row in rows]


def ridge_fit(rows, ridge):
    """(estimates, standard errors), intercept first, of rows [y, x1, …] by Newton on standardised columns."""
    columns = list(zip(*(row[1:] for row in rows)))
    means = [math.fsum(column) / len(rows) for column in columns]
    sizes = [math.sqrt(math.fsum((x - m) ** 2 for x in column) / len(rows)) for column, m in zip(columns, means)]
    design = [[1.0, *((x - m) / s for x, m, s in zip(row[1:], means, sizes))] for row in rows]
    width = len(design[0])
    b = [0.0] * width
    for _ in range(60):
        p = [1 / (1 + math.exp(-math.fsum(x * c for x, c in zip(row, b)))) for row in design]
        penalty = [0.0] + [ridge] * (width - 1)
        gradient = [math.fsum(row[i] * (given[0] - q) for row, given, q in zip(design, rows, p)) - penalty[i] * b[i] for i in range(width)]
        information = [[math.fsum(row[i] * row[j] * q * (1 - q) for row, q in zip(design, p)) + (penalty[i] if i == j else 0)
                        for j in range(width)] for i in range(width)]  # fmt: skip
        b = [old + step[0] for old, step in zip(b, solve(information, [[g] for g in gradient]))]
    covariance = solve(information, [[float(i == j) for j in range(width)] for i in range(width)])
    back = [1.0, *(-m / s for m, s in zip(means, sizes))]
    variance = math.fsum(x * y * covariance[i][j] for i, x in enumerate(back) for j, y in enumerate(back))
    estimates = [math.fsum(x * y for x, y in zip(b, back)), *(c / s for c, s in zip(b[1:], sizes))]
    return estimates, [math.sqrt(variance), *(math.sqrt(covariance[i + 1][i + 1]) / s for i, s in enumerate(sizes))]


def rank(rows):
    """Of the columns 1, x1, …"""
    matrix, found = [[Fraction(x) for x in (1, *row[1:])] for row in rows], 0
    for column in range(len(matrix[0])):
        pivot = next((i for i in range(found, len(matrix)) if matrix[i][column]), None)
        if pivot is None:
            continue
        matrix[found], matrix[pivot] = matrix[pivot], matrix[found]
        for i in range(found + 1, len(matrix)):
            factor = matrix[i][column] / matrix[found][column]
            matrix[i] = [x - factor * y for x, y in zip(matrix[i], matrix[found])]
        found += 1
    return found


def determinant(matrix):
    if not matrix:
        return 1
    minors = [[row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix))]
    return sum((-1) ** j * x * determinant(minor) for j, (x, minor) in enumerate(zip(matrix[0], minors)) if x)


def is_separated(rows):
    """Whether a direction moves no row with y down and none without up, and not all of them nowhere.

    Rows are of whole numbers and full rank. Then such directions make a cone without a line, so if there is one, an edge of the
    cone is one: it is at right angles to as many rows as there are predictors. All of those are tried.
    """
    signed = sorted({tuple(x if row[0] else -x for x in (1, *row[1:])) for row in rows})
    width = len(signed[0])
    for chosen in itertools.combinations(signed, width - 1):
        direction = [(-1) ** k * determinant([row[:k] + row[k + 1 :] for row in chosen]) for k in range(width)]
        moves = [sum(d * x for d, x in zip(direction, row)) for row in signed]
        if any(direction) and (all(move >= 0 for move in moves) or all(move <= 0 for move in moves)):
            return True
    return False
