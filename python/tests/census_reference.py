"""The people of components/census/programs/census-batch.py once more, in plain Python and by another way: the standard to compare with."""

import hashlib
from typing import Any


def pick(draw: int, *shares: tuple[int, str]) -> str:
    for bound, name in shares:
        if draw * 100 < bound << 28:
            return name
    raise AssertionError(draw)


def scaled(draw: int, least: int, most: int) -> int:
    return least + (draw * (most - least + 1) >> 28)


def person(seed: int, number: int) -> dict[str, Any]:
    digits = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
    draws = [int(digits[7 * index : 7 * index + 7], 16) for index in range(9)]
    age = min(scaled(draws[0], 0, 99), scaled(draws[1], 0, 120))
    education = pick(
        draws[2],
        (3, "none"),
        (15, "primary"),
        (50, "secondary"),
        (72, "vocational"),
        (88, "bachelor"),
        (98, "master"),
        (100, "doctorate"),
    )
    if age < 15:
        education = "primary" if age >= 6 else "none"
    occupation = pick(draws[4], (68, "employee"), (80, "self-employed"), (87, "unemployed"), (100, "homemaker"))
    if age >= 67:
        occupation = "retired"
    if age < 18 or (age < 25 and draws[3] < 1 << 27):
        occupation = "student" if age >= 6 else "child"
    pay = {
        "none": 16_000,
        "primary": 19_000,
        "secondary": 27_000,
        "vocational": 31_000,
        "bachelor": 40_000,
        "master": 52_000,
        "doctorate": 64_000,
    }[education]
    hours = 0
    if occupation in ("employee", "self-employed"):
        hours = scaled(draws[6], 10, 30) if draws[5] * 5 < 1 << 28 else scaled(draws[6], 35, 50)
        income = pay * hours * scaled(draws[7], 60, 160) // 4000
    elif occupation == "retired":
        income = pay * scaled(draws[7], 40, 70) // 100
    else:
        income = 0 if age < 18 else scaled(draws[7], 4_000, 14_000)
    return {
        "person": number,
        "region": pick(draws[8], (30, "north"), (50, "east"), (78, "south"), (93, "west"), (100, "islands")),
        "sex": "female" if digits[63] in "01234567" else "male",
        "age": age,
        "education": education,
        "occupation": occupation,
        "hours_per_week": hours,
        "income": income,
    }
