"""The gate: whose token is right, for how long, and how often somebody may try."""

import pytest

from tallybook.serving.access import ATTEMPTS, SESSION_SECONDS, WINDOW_SECONDS, Gate, TooManyAttemptsError

TOKEN = "correct-horse-battery-staple"


class Now:
    """A clock that a test moves."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def gate(now: Now) -> Gate:
    return Gate(TOKEN, clock=now)


@pytest.mark.parametrize("wrong", ["", TOKEN[:-1], TOKEN + " ", TOKEN.upper(), "tökén", "\udcff"])
def test_only_the_token_is_right(gate: Gate, wrong: str) -> None:
    assert gate.is_right(TOKEN, "a")
    assert not gate.is_right(wrong, "a")


def test_a_session_ends(gate: Gate, now: Now) -> None:
    session = gate.open_session()
    now.seconds += SESSION_SECONDS - 1
    assert gate.knows(session)
    now.seconds += 1

    assert not gate.knows(session)
    assert not gate.knows("")


def test_each_session_is_another_one_that_nobody_guesses(gate: Gate) -> None:
    sessions = {gate.open_session() for _ in range(50)}

    assert len(sessions) == 50
    assert min(map(len, sessions)) >= 43  # 32 bytes in base64
    assert not gate.knows(TOKEN)


def test_sessions_that_ended_are_forgotten(gate: Gate, now: Now) -> None:
    for _ in range(5):
        gate.open_session()
    now.seconds += SESSION_SECONDS
    gate.open_session()

    assert len(gate._sessions) == 1


def test_after_too_many_wrong_tokens_the_right_one_has_to_wait_too(gate: Gate, now: Now) -> None:
    for _ in range(ATTEMPTS):
        assert not gate.is_right("guess", "a")

    with pytest.raises(TooManyAttemptsError):
        gate.is_right(TOKEN, "a")
    assert gate.is_right(TOKEN, "b")  # somebody else is not kept out
    now.seconds += WINDOW_SECONDS
    assert gate.is_right(TOKEN, "a")


def test_right_tokens_are_no_attempts(gate: Gate) -> None:
    assert all(gate.is_right(TOKEN, "a") for _ in range(3 * ATTEMPTS))


def test_guessers_take_no_memory(gate: Gate) -> None:
    for number in range(5000):
        gate.is_right("guess", str(number))

    assert len(gate._failures) == 1000
