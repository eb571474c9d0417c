"""The player: a Streamlit component that plays panels and cards on a common clock.

It knows nothing about optimizers. A page passes a :class:`Scene` and a function that handles the user's events::

    from app.player.component import play

    play(scene, key="race", react=carry_out)

The player's files are served by routes of the application::

    app = streamlit.App("main.py", routes=routes(), middleware=[Middleware(Preload)])

This package does not import Streamlit, so that a process that only draws scenes need not load it.
"""

from .scene import Card, Clock, Event, FairRace, Guide, Relief, Scene, Slider, pack, read

__all__ = ["Card", "Clock", "Event", "FairRace", "Guide", "Relief", "Scene", "Slider", "pack", "read"]
