"""What the address and the session hold for a widget that is not drawn yet, and whether a text of the address holds."""

from collections.abc import Callable, Sequence

import streamlit as st


def chosen(key: str, options: Sequence[str], default: str | None = None) -> str:
    """What a selector holds before it is drawn: from this session, else from the address, else the default (the first option)."""
    value = st.session_state.get(key, st.query_params.get(key))
    return value if value in options else default or options[0]


def number(key: str, low: float, high: float) -> float | None:
    """What an input of a number from low to high holds before it is drawn; None for nothing that holds."""
    asked = st.query_params.get(key, "")
    held = st.session_state.get(key, float(asked) if within(low, high)(asked) else None)
    return None if held is None else float(held)


def switched_on(key: str) -> bool:
    """What a toggle that is off by default holds before it is drawn."""
    return bool(st.session_state.get(key, st.query_params.get(key, "").lower() == "true"))


def within(low: float, high: float, whole: bool = False) -> Callable[[str], bool]:
    """Whether a text is a number from low to high, and a whole one."""

    def check(text: str) -> bool:
        try:
            return low <= float(text) <= high and not (whole and float(text) % 1)
        except ValueError:
            return False

    return check
