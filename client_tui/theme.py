"""Colours: one calm dark palette. Knows no widget; nothing may be said by a colour from here alone."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

INK: Final = Theme(
    name="ink",
    dark=True,
    background="#15181b",
    surface="#1a1e22",
    panel="#23292e",
    foreground="#d9d5cb",
    primary="#86b8a6",
    secondary="#8fa6c8",
    accent="#dca85c",
    success="#93bf85",
    warning="#dcbb6a",
    error="#e58b7b",
    variables={
        "line": "#343b42",
        "quiet": "#8d9196",
        "faint": "#5e656c",
        "block-cursor-background": "#2d3a3a",
        "block-cursor-foreground": "#efe9dc",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#262d31",
        "block-cursor-blurred-foreground": "#d9d5cb",
        "block-hover-background": "#20262b",
        "input-cursor-background": "#d9d5cb",
        "input-cursor-foreground": "#15181b",
        "input-selection-background": "#86b8a6 35%",
        "scrollbar": "#343b42",
        "scrollbar-hover": "#4a535b",
        "scrollbar-active": "#86b8a6",
        "scrollbar-background": "#1a1e22",
        "scrollbar-background-hover": "#1a1e22",
        "scrollbar-background-active": "#1a1e22",
        "scrollbar-corner-color": "#1a1e22",
        "border": "#86b8a6",
        "border-blurred": "#343b42",
    },
)
