"""docs/speed.md."""


def write(measured):
    pass
