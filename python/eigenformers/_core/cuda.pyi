"""
There is no GPU here.
"""
from __future__ import annotations
__all__: list[str] = ['device_count', 'empty_cache', 'is_available']
def device_count() -> int:
    ...
def empty_cache() -> None:
    ...
def is_available() -> bool:
    ...
