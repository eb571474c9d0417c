"""The Race page in a browser: the first screen, links, the panel "More", sizes and themes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
import pytest

from app.common.digits import parsed
from app.common.link import VERSION
from app.figures.theme import PALETTE, THEMES, scales
from app.race import changes, link, runs
from app.race.settings import Settings
from optimizers import distances
from tests.app.driving import Race, near, picture

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

CONTROLS = """() => {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex]')];
  return all.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }))
            .map((e) => e.getAttribute('aria-label') || e.innerText || e.dataset.testid || e.tagName);
}"""


def test_the_first_screen_shows_a_whole_race(shared: Race) -> None:
    assert shared.titles() == ["SGD", "Nesterov", "Adam"]
    assert all(status for status in shared.statuses())
    for testid in ("map", "loss", "play", "scrub", "export", "card-racer-0", "card-racer-2", "add-racer"):
        box = shared.at(testid).bounding_box()
        assert box["x"] >= 0 and box["y"] >= 0, testid
        assert box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 800, testid
    assert shared.at("map").bounding_box()["width"] * shared.at("map").bounding_box()["height"] > 0.3 * 1280 * 800
    trails = shared.trails()
    assert all((near(trails, color) & (trails[..., 3] > 200)).sum() > 50 for color in PALETTE[:3])
    parsed, notices = link.parse(shared.query())
    assert parsed == changes.first() and notices == []


@pytest.mark.long
def test_the_icon_of_the_tab_needs_no_request(fresh: Visit) -> None:
    race = fresh()
    icon = race.page.locator("link[rel~=icon]").get_attribute("href")
    assert icon.startswith("data:image/svg+xml,")
    asked: list[str] = []
    race.page.on("request", lambda request: asked.append(request.url))
    race.type_value("racer-0", "learning_rate", "0.0123")
    race.wait_query("racer", "sgd:learning_rate=0.0123")
    assert [url for url in asked if not url.startswith(("blob:", "data:")) and "/live" not in url] == []


def test_the_page_has_few_controls(shared: Race) -> None:
    """What asks to be set, beside what comes with any player (transport, zoom) and any card (its four icons).

    A slider and its number are one control. So it is: surface, its κ, rotation, More; Play; Export; five sliders
    of three racers; Add a racer.
    """
    asks = shared.page.evaluate(
        """() => [...document.querySelectorAll('.st-key-toolbar :is(input, [data-testid=stPopoverButton]), '
                 + '[data-testid=play], [data-testid=export], [data-testid^=slider-], [data-testid=add-racer]')]
                 .filter((e) => e.checkVisibility()).map((e) => e.dataset.testid)"""
    )
    assert len(asks) <= 13
    # nothing else that is unfolded: no sidebar, no field, and all the rest are small icons with a name
    rest = shared.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea')]
                 .filter((e) => e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true })
                                && !e.closest('.optiscope-player') && !e.closest('.st-key-toolbar'))
                 .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert rest == []
    assert all(shared.page.evaluate(CONTROLS))


def test_a_link_restores_the_page_to_the_pixel(fresh: Visit) -> None:
    one = fresh(
        "v=1&surface=rosenbrock&surface.steepness=40&rotation=-25&start=-0.5,1.75&steps=180&seed=5"
        "&schedule=cosine&schedule.horizon=90&noise=isotropic&noise.scale=0.5"
        "&racer=adam:learning_rate=0.05,beta1=0.8&racer=sgd:learning_rate=0.001,slot=4&racer=momentum:hidden=1"
    )
    assert one.notices() == []
    one.slide("racer-0", "learning_rate", 0.7)  # the link contains the loaded settings and all changes since
    one.until("() => !location.search.includes('learning_rate%3D0.05%2C')")
    one.leave()
    other = fresh(urlsplit(one.page.url).query)
    assert other.notices() == []
    assert other.query() == one.query()
    assert other.titles() == one.titles() == ["Adam", "SGD", "Momentum"]
    assert other.statuses() == one.statuses() and other.values() == one.values()
    assert other.table() == one.table()
    assert other.at("step").inner_text() == "step 180 / 180"
    np.testing.assert_array_equal(other.trails(), one.trails())
    np.testing.assert_array_equal(other.canvas(".loss canvas.trails"), one.canvas(".loss canvas.trails"))


def test_an_invalid_link_is_read_in_part_with_notices(fresh: Visit) -> None:
    race = fresh(
        "v=7&surface=himmelblau&steps=1000000&start=99,nan&rotation=0&seed=x&flavour=mild"
        "&racer=adma&racer=adam:learning_rate=0.2,beta1=nan&racer=sgd"
    )
    notices = " | ".join(race.notices())
    for word in ("version '7'", "steps must be a whole number from 1 to 20,000", "start", "seed", "flavour", "'adma'"):
        assert word in notices
    assert "beta1" in notices and len(race.notices()) == 7
    assert race.titles() == ["Adam", "SGD"] and race.card("racer-0")[2:] == ("0.2", "0.9")
    assert race.at("step").inner_text() == "step 300 / 300"
    assert race.query()["surface"] == ["himmelblau"] and race.query()["v"] == [VERSION]
    # the page still works, and the notices stay until they are dismissed
    race.type_value("racer-0", "learning_rate", "0.3")
    race.wait_query("racer", "learning_rate=0.3")
    assert len(race.notices()) == 7
    race.page.get_by_role("button", name="Dismiss").click()
    race.until("() => !document.querySelector('[data-testid=stAlert]')")
    assert race.settle().card("racer-0")[2] == "0.3"


@pytest.mark.long
def test_back_restores_the_previous_settings(fresh: Visit) -> None:
    race = fresh()
    card, trails, table = race.card("racer-2"), race.trails(), race.table()
    race.type_value("racer-2", "learning_rate", "0.5")
    race.wait_query("racer", "adam:learning_rate=0.5")
    assert race.leave().card("racer-2") != card
    race.page.go_back()
    race.wait_query("racer", "adam:learning_rate=0.068")
    race.until("() => document.querySelector('[data-testid=value-racer-2-learning_rate]').value === '0.068'")
    race.settle()
    assert race.card("racer-2") == card and race.table() == table
    np.testing.assert_array_equal(race.trails(), trails)
    race.page.go_forward()
    race.until("() => document.querySelector('[data-testid=value-racer-2-learning_rate]').value === '0.5'")


@pytest.mark.long
def test_back_restores_the_text_of_a_field(fresh: Visit) -> None:
    """After Enter the focus is still in it: what it shows must be what is set all the same."""
    race = fresh()
    race.type_value("racer-2", "learning_rate", "0.5")
    race.wait_query("racer", "adam:learning_rate=0.5")
    race.page.go_back()
    race.wait_query("racer", "adam:learning_rate=0.068")
    race.until("() => document.querySelector('[data-testid=status-racer-2]').textContent === 'converged @ 180'")
    assert race.card("racer-2")[2] == "0.068"


def test_two_visitors_do_not_influence_each_other(fresh: Visit) -> None:
    one, other = fresh(), fresh("surface=himmelblau&racer=sgd&racer=adam")
    table, trails = other.table(), other.trails()
    one.type_value("racer-0", "learning_rate", "0.03")
    one.wait_query("racer", "sgd:learning_rate=0.03")
    other.type_value("racer-1", "beta1", "0.5")
    other.wait_query("racer", "beta1=0.5")
    assert one.titles() == ["SGD", "Nesterov", "Adam"] and one.query()["surface"] == ["quadratic_ravine"]
    assert one.card("racer-2")[2:] == ("0.068", "0.9")
    other.redrawn(trails)
    assert other.table()["SGD"] == table["SGD"]


# The panel "More".


@pytest.mark.long
def test_run_steps_seed_and_start(fresh: Visit) -> None:
    race = fresh()
    race.more("Run")
    bad = {
        "Steps": ("1e7", "steps must be a whole number from 1 to 20,000; got 1e7."),
        "Seed of the noise": ("many", "seed must be a number"),
        "Start (or click on the map)": ("400, 1", "The start must lie on the map"),
    }
    before = race.query()
    for label, (text, said) in bad.items():
        race.fill(label, text)
        race.said(said)
        race.settle()
    assert race.query() == before
    assert [race.page.get_by_text(said).count() for _, said in bad.values()] == [1, 1, 1]  # each below its own field
    for label, text, key, value in (
        ("Steps", "120", "steps", "120"),
        ("Seed of the noise", "9", "seed", "9"),
        ("Start (or click on the map)", "(1.5, −0.5)", "start", "1.5,-0.5"),
    ):
        race.fill(label, text)
        race.wait_query(key, value)
    assert [race.page.get_by_text(said).count() for _, said in bad.values()] == [0, 0, 0]
    assert race.at("step").inner_text() == "step 120 / 120" and race.step() == 120


@pytest.mark.long
def test_noise_and_schedule(fresh: Visit) -> None:
    race = fresh()
    quiet = race.trails()
    race.more("Noise")
    race.page.get_by_role("combobox", name="Gradient noise").click()
    race.page.get_by_role("option", name="isotropic").click()
    race.wait_query("noise", "isotropic")
    noisy = race.redrawn(quiet)
    race.fill("scale, exact value", "nan")
    race.said("scale must be a finite number; got nan.")
    race.fill("scale, exact value", "0.5")
    race.wait_query("noise.scale", "0.5")
    race.redrawn(noisy)
    race.page.get_by_role("combobox", name="Gradient noise").click()
    race.page.get_by_role("option", name="mini-batch").click()
    race.said("This surface has no data to draw mini-batches from")
    assert race.query()["noise"] == ["isotropic"]
    race.more("Schedule")
    race.page.get_by_role("combobox", name="Learning rate schedule").click()
    race.page.get_by_role("option", name="cosine").click()
    race.wait_query("schedule", "cosine")
    race.fill("horizon, exact value", "0")
    race.said("horizon must lie in the range from 1 to 20,000; got 0.")
    race.fill("horizon, exact value", "50")
    race.wait_query("schedule.horizon", "50")
    assert race.query()["noise.scale"] == ["0.5"]


@pytest.mark.long
def test_surface_rotation_and_the_rest_of_a_racer(fresh: Visit) -> None:
    race = fresh()
    rates = [v.split("=")[1].split(",")[0] for v in race.query()["racer"]]
    contours = race.pixels("[data-testid=map]")
    race.type_value("scene", "condition_number", "a lot")
    assert race.at("hint-scene-condition_number").inner_text() == "κ must be a number, at least 1 and at most 10,000."
    race.type_value("scene", "condition_number", "500")
    race.wait_query("surface.condition_number", "500")
    assert (race.pixels("[data-testid=map]") != contours).any(axis=-1).mean() > 0.2
    race.type_value("scene", "rotation", "45")
    race.wait_query("rotation", "45")
    race.type_value("scene", "rotation", "1e9")
    assert race.at("hint-scene-rotation").inner_text() == "θ must be a number, at least −90 and at most 90."
    race.more("Racers")
    race.fill("beta2, exact value", "2")
    race.said("beta2 must lie in")
    race.fill("beta2, exact value", "0.99")
    race.wait_query("racer", "beta2=0.99")
    assert [v.split("=")[1].split(",")[0] for v in race.query()["racer"]] == rates
    race.more("Surface")
    race.page.get_by_role("tabpanel", name="Surface").get_by_text("Polyak").wait_for()


def _slider_and_field(race: Race, name: str) -> tuple[float, float]:
    slider = race.page.get_by_role("slider", name=name)
    field = race.page.get_by_role("textbox", name=f"{name}, exact value", exact=True)
    slider.wait_for()
    return float(slider.get_attribute("aria-valuetext") or "nan"), float(field.input_value())


@pytest.mark.long
def test_panels_show_the_settings_when_they_open_and_change_nothing(fresh: Visit) -> None:
    """What is behind a closed button hears nothing of changes; opened, it may neither show nor report the old."""
    race = fresh()
    before = race.query()
    race.more("Run")
    race.fill("Steps", "250")
    race.wait_query("steps", "250")
    race.more("Racers")  # first opened after a rerun
    assert _slider_and_field(race, "beta2") == (0.999, 0.999)
    race.more("Run")
    race.fill("Steps", "300")
    race.wait_query("steps", "300")
    assert race.query() == before
    race.page.keyboard.press("Escape")
    race.pick("Himmelblau")  # whose rotation is 0
    race.wait_query("rotation", "0")
    race.more("Run")
    race.fill("Steps", "250")
    race.wait_query("steps", "250")
    race.more("Run")
    race.fill("Steps", "260")
    race.wait_query("steps", "260")
    assert race.query()["rotation"] == ["0"]


@pytest.mark.long
def test_a_preset_sets_a_race_and_shows_its_sentence(fresh: Visit) -> None:
    race = fresh()
    before = race.query()
    race.pick("Stuck at a saddle")
    race.wait_query("surface", "saddle")
    race.said("The start lies only 10⁻⁹ off the line y = 0")
    assert race.titles() == ["SGD", "Momentum", "Adam"] and race.at("panel-0").is_visible()
    heads = race.page.locator("[data-testid=results] th")
    assert heads.last.inner_text() == "Steps on flat ground"
    assert "gradient is below a fifth" in heads.last.get_attribute("title")
    assert int(race.table()["SGD"][-1]) > 5 * int(race.table()["Momentum"][-1])
    race.page.go_back()
    race.wait_query("surface", "quadratic_ravine")
    assert race.query() == before and race.page.locator(".about").count() == 0


@pytest.mark.long
def test_another_surface_sets_its_start_and_learning_rates(fresh: Visit) -> None:
    race = fresh("start=1,1&racer=sgd:learning_rate=0.5&racer=adam")
    race.pick("Himmelblau")
    race.wait_query("surface", "himmelblau")
    assert "start" not in race.query()
    settings, _ = link.parse(race.query())
    expected = changes.add_racer(changes.choose_surface(Settings(), "himmelblau"), "sgd").racers[0].rule
    assert settings.racers[0].rule == expected
    assert parsed(race.card("racer-0")[2]) == dict(expected.values)["learning_rate"]


# Sizes, themes, keyboard and accessibility.


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1920, 1080)])
@pytest.mark.thinned(2)
def test_nothing_overflows_or_overlaps(fresh: Visit, width: int, height: int) -> None:
    race = fresh(width=width, height=height)
    overflow = race.page.evaluate(
        """() => [document.documentElement, document.body, document.querySelector('[data-testid=stMain]')]
                 .map((e) => e.scrollWidth - e.clientWidth)"""
    )
    assert max(overflow) <= 0
    stage = race.page.locator(".optiscope-player .stage").bounding_box()
    boxes = {name: race.at(name).bounding_box() for name in ("map", "loss", "card-racer-0", "add-racer", "export")}
    assert all(b["x"] >= 0 and b["x"] + b["width"] <= width for b in boxes.values())
    for name in ("card-racer-0", "add-racer", "export"):
        assert boxes[name]["x"] >= stage["x"] + stage["width"]
    assert boxes["map"]["y"] + boxes["map"]["height"] <= boxes["loss"]["y"]
    assert boxes["loss"]["y"] + boxes["loss"]["height"] <= height
    cut = race.page.evaluate(
        """() => [...document.querySelectorAll('.optiscope-player :is(h3, .status, .value, .steps, button)')]
                 .filter((e) => e.checkVisibility() && e.offsetWidth && e.scrollWidth > e.clientWidth + 1
                                && getComputedStyle(e).textOverflow !== 'ellipsis')
                 .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    row = [button.bounding_box() for button in race.page.locator(".takeaway > button:visible").all()]
    lines = [[box for box in row if box["y"] == y] for y in sorted({box["y"] for box in row})]
    assert [len(line) for line in lines] == ([3, 3] if width < 1240 else [6])
    assert max(box["height"] for box in row) < 40  # words of one line
    assert row[-1]["x"] + row[-1]["width"] <= width and row[0]["x"] >= stage["x"] + stage["width"]


@pytest.mark.long
def test_plots_grow_with_the_window(fresh: Visit) -> None:
    race = fresh(width=1024, height=768)
    before = race.frame()
    race.page.set_viewport_size({"width": 1600, "height": 900})
    race.until(
        "(width) => document.querySelector('[data-testid=map]')._fullLayout.xaxis._length > width + 200",
        before["width"],
    )
    race.settle()
    frame, canvas = race.frame(), race.page.locator(".map canvas.trails").bounding_box()
    assert canvas["x"] == pytest.approx(frame["left"], abs=1) and canvas["width"] == pytest.approx(
        frame["width"], abs=1
    )
    assert canvas["height"] == pytest.approx(frame["height"], abs=1)


WATCH = """(selector) => {
  const seen = (window.seen = []);
  const look = () => {
    if (window.seen !== seen) return;
    const shown = [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length);
    const boxes = shown.map((e) => e.getBoundingClientRect());
    seen.push(boxes.map(({ x, y, width, height }) => [x, y, width, height].map(Math.round)));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@pytest.mark.long
def test_the_toolbar_and_its_popovers_stay_where_they_are(fresh: Visit) -> None:
    race = fresh()
    race.page.evaluate(WATCH, ".st-key-toolbar .stSelectbox")
    race.pick("Overshooting")
    race.wait_query("steps", "200")
    race.settle()
    boxes = race.page.evaluate("() => window.seen")
    assert len(boxes) > 10 and {len(one) for one in boxes} == {1}, "a choice stands beside its successor"
    race.page.locator(".st-key-more-popover button").first.click()
    body = race.page.locator("[data-testid=stPopoverBody]")
    places = []
    for tab in ("Surface", "Noise", "Racers", "Run"):
        race.page.get_by_role("tab", name=tab).click()
        race.page.wait_for_timeout(200)  # the popover is moved some frames later, if it is
        places.append(body.bounding_box())
    assert all(place == places[0] for place in places[1:])


@pytest.mark.long
def test_dark(fresh: Visit) -> None:
    race = fresh(dark=True)
    assert race.root.get_attribute("data-theme") == "dark"
    paper = THEMES["dark"]["paper"]
    page = race.pixels("[data-testid=stApp]")
    assert near(page, paper, 3).mean() > 0.2 and near(page, "#ffffff", 3).mean() < 0.01
    ground = race.pixels("[data-testid=map]")
    scale = [color for _, color in scales()["dark"]]
    assert sum(near(ground, color, 8).mean() for color in scale) > 0.2
    trails = race.trails()
    inks = [THEMES["dark"][color] for color in PALETTE[:3]]
    assert all((near(trails, color) & (trails[..., 3] > 200)).sum() > 50 for color in inks)
    race.export()
    _, saved = race.download("Download PNG")
    assert near(picture(saved)[:3], paper, 3).all()  # dark is what the panel proposes on a dark page


@pytest.mark.long
def test_light_is_light(shared: Race) -> None:
    assert shared.root.get_attribute("data-theme") == "light"
    assert near(shared.pixels("[data-testid=stApp]"), "#ffffff", 3).mean() > 0.2


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(shared: Race) -> None:
    shared.page.locator(".st-key-toolbar input").first.focus()
    reached, unseen = [], []
    for _ in range(120):
        shared.page.keyboard.press("Tab")
        found = shared.page.evaluate(
            """() => {
              const e = document.activeElement;
              if (!e || e === document.body) return null;
              const style = getComputedStyle(e);
              const mine = Boolean(e.closest('.optiscope-player'));
              const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
              return [e.dataset.testid || e.getAttribute('aria-label') || e.tagName, !mine || shown];
            }"""
        )
        if found:
            reached.append(found[0])
            unseen += [] if found[1] else [found[0]]
        if reached and reached[-1] == "add-racer":
            break
    wanted = [
        "play",
        "scrub",
        "speed",
        "loop",
        "scale-log",
        "export",
        "copy-link",
        "add-racer",
        "zoom-in",
        "remove-racer-1",
    ]
    wanted += ["slider-racer-0-learning_rate", "value-racer-0-learning_rate", "slider-racer-2-beta1"]
    assert [name for name in wanted if name not in reached] == []
    assert unseen == []
    assert reached.index("play") < reached.index("export") < reached.index("slider-racer-0-learning_rate")


@pytest.mark.long
def test_a_slider_moves_by_keys_alone(fresh: Visit) -> None:
    race = fresh()
    table = race.table()
    race.at("slider-racer-0-learning_rate").focus()
    for _ in range(3):
        race.page.keyboard.press("ArrowLeft")
    race.until("() => !location.search.includes('sgd%3Alearning_rate%3D0.017')")
    race.settle()
    assert parsed(race.card("racer-0")[2]) < 0.017
    assert race.table()["SGD"] != table["SGD"] and race.step() == 300
    assert race.at("slider-racer-0-learning_rate").evaluate("(e) => e === document.activeElement")


@pytest.mark.long
def test_screen_readers_get_a_description(shared: Race) -> None:
    for testid in ("map", "loss"):
        plot = shared.at(testid)
        assert plot.get_attribute("role") == "img"
        label = plot.get_attribute("aria-label")
        assert "Ravine" in label and all(word in label for word in ("SGD: converged", "Nesterov: converged", "Adam"))
    nameless = shared.page.evaluate(
        """() => [...document.querySelectorAll('.optiscope-player :is(button, input, select)')]
                 .filter((e) => !(e.getAttribute('aria-label') || e.innerText || e.labels?.length))
                 .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert nameless == []
    assert shared.at("slider-racer-0-learning_rate").get_attribute("aria-valuetext") == "0.017"
    assert shared.at("scrub").get_attribute("aria-valuetext") == "step 300 of 300"
    assert shared.at("live").get_attribute("aria-live") == "polite"


@pytest.mark.long
def test_views_are_added_changed_and_removed(fresh: Visit) -> None:
    race = fresh()
    wide = race.at("loss").bounding_box()["width"]
    race.at("add-view").select_option("distance")
    race.wait_query("views", "distance")
    race.until("() => document.querySelector('[data-testid=panel-0] .js-plotly-plot')?.data?.length > 3")
    race.settle()
    assert race.at("loss").bounding_box()["width"] < 0.55 * wide
    drawn = race.page.evaluate(
        "() => document.querySelector('[data-testid=panel-0] .js-plotly-plot').data"
        ".filter((t) => t.name === 'Adam').map((t) => Array.from(t.y))[0]"
    )
    run = runs.runs(changes.first())[2]
    np.testing.assert_allclose(drawn, distances(run), rtol=1e-6)
    race.at("add-view").select_option("rates")
    race.wait_query("views", "distance,rates")
    race.until("() => !document.querySelector('[data-testid=add-view]').checkVisibility()")  # there is room for two
    race.at("view-0").select_option("sharpness")
    race.wait_query("views", "sharpness,rates")
    again = fresh("views=sharpness,rates")
    assert [again.at(f"panel-{k}").get_attribute("data-view") for k in (0, 1)] == ["sharpness", "rates"]
    race.at("view-1").select_option("")
    race.wait_query("views", "sharpness")
    race.at("view-0").select_option("")
    race.until("() => !document.querySelector('[data-testid=panel-0]').checkVisibility()")
    race.settle()
    assert "views" not in race.query()
    assert race.at("loss").bounding_box()["width"] == wide
