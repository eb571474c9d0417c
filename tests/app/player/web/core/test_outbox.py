"""The outbox sends one event per rerun, and none while the script runs or the server is away."""

from __future__ import annotations

import pytest

from tests.app.driving import Race

pytestmark = pytest.mark.browser

# The events that an outbox has delivered after each move.
TRIED = """async (moves) => {
  const link = [...document.querySelectorAll('link[rel=modulepreload]')].find((one) => /outbox/.test(one.href));
  const { Outbox } = await import(link.href);
  const app = document.querySelector('[data-testid=stApp]');
  const outbox = new Outbox();
  const there = [], seen = [];
  const does = {
    open: () => outbox.open(({ kind }) => there.push(kind)),
    hold: () => outbox.hold(),
    runs: () => (app.dataset.testScriptState = 'running'),
    rests: () => (app.dataset.testScriptState = 'notRunning'),
    lost: () => (app.dataset.testConnectionState = 'PINGING_SERVER'),
    back: () => (app.dataset.testConnectionState = 'CONNECTED'),
    elsewhere: () => document.body.click(),
    later: () => new Promise((done) => setTimeout(done, 500)),
  };
  for (const move of moves) {
    if (does[move]) await does[move]();
    else outbox.send({ kind: move });
    await new Promise((done) => setTimeout(done, 150));
    seen.push(there.join(' '));
  }
  does.rests();
  does.back();
  outbox.close();
  return seen;
}"""


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("moves", "delivered"),
    [
        (["a", "open", "b", "open", "c"], ["", "a", "a", "a b", "a b"]),
        (["open", "runs", "a", "b", "rests", "open"], ["", "", "", "", "a", "a b"]),
        (["open", "hold", "a", "rests", "open"], ["", "", "", "", "a"]),
        (["open", "a", "runs", "b", "open", "rests"], ["", "a", "a", "a", "a", "a b"]),
        (["open", "elsewhere", "a", "later"], ["", "", "", "a"]),
        (["open", "elsewhere", "runs", "a", "rests"], ["", "", "", "", "a"]),
        (["open", "lost", "a", "b", "back", "open"], ["", "", "", "", "a", "a b"]),
        (["open", "runs", "poll", "a", "rests", "open"], ["", "", "", "", "a", "a"]),
    ],
)
def test_an_event_waits_for_the_previous_answer_and_an_idle_script(
    shared: Race, moves: list[str], delivered: list[str]
) -> None:
    assert shared.page.evaluate(TRIED, moves) == delivered
