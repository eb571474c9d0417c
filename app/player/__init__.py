"""The player: one Streamlit component that plays panels of marks and cards on one clock.

It knows nothing of optimizers. A page hands it a :class:`Scene` and a function for what the user does::

    from app.player.component import play

    play(scene, key="race", react=carry_out)

Its files are served by the application's own routes::

    app = streamlit.App("main.py", routes=routes(), middleware=[Middleware(Ahead)])

Scenes alone can be had without Streamlit: what draws them elsewhere need not wait for it.
"""

from .scene import Card, Clock, Event, Relief, Scene, Slider, pack, read

__all__ = ["Card", "Clock", "Event", "Relief", "Scene", "Slider", "pack", "read"]
