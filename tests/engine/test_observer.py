"""An observer hears what it overrides; the forwarding one passes everything on."""

from __future__ import annotations

from leukokit.engine.observer import Forwarding, Observer


class Heard(Observer):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class All(Observer):
    def __init__(self) -> None:
        self.heard: list[object] = []

    def stage(self, name: str, total: int) -> None:
        self.heard.append((name, total))

    def advance(self, count: int = 1) -> None:
        self.heard.append(count)

    def say(self, text: str) -> None:
        self.heard.append(text)

    def warn(self, text: str) -> None:
        self.heard.append(f"warning: {text}")


def tell(observer: Observer) -> None:
    observer.stage("images", 3)
    observer.advance()
    observer.advance(2)
    observer.say("a fact")
    observer.warn("a doubt")


def test_what_is_not_overridden_is_not_heard() -> None:
    heard = Heard()
    tell(heard)
    assert heard.warnings == ["a doubt"]


def test_everything_is_passed_on() -> None:
    all_ = All()
    tell(Forwarding(all_))
    assert all_.heard == [("images", 3), 1, 2, "a fact", "warning: a doubt"]
