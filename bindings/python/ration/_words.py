# SPDX-License-Identifier: MIT
"""Enums of the library: words with a number."""

from __future__ import annotations

from enum import Enum
from typing import Type, TypeVar, Union

_W = TypeVar("_W", bound="Word")


class Word(str, Enum):
    """A word of the library, which is a str: ``receipt.verdict == "memory"``.

    ``number`` is its value in the C interface. A later library can have values that this
    package doesn't know: they are ``OTHER``.
    """

    number: int

    def __new__(cls, text: str, number: int) -> Word:
        word = str.__new__(cls, text)
        word._value_ = text
        word.number = number
        return word

    def __str__(self) -> str:
        return str(self._value_)

    def __format__(self, spec: str) -> str:
        return format(str(self._value_), spec)

    @classmethod
    def of(cls: Type[_W], number: int) -> _W:
        """Returns the member with that number."""
        for word in cls:
            if word.number == number:
                return word
        return cls["OTHER"]

    @classmethod
    def named(cls: Type[_W], what: str, text: Union[str, _W]) -> _W:
        """Returns the member that a caller has named; `what` is for the message."""
        if not isinstance(text, str):
            raise TypeError(f"{what}: {text!r} isn't a str")
        for word in cls:
            if word == text and word.number >= 0:
                return word
        known = ", ".join(str(word) for word in cls if word.number >= 0)
        raise ValueError(f"{what}: {str(text)!r} isn't one of: {known}")
