"""QR codes in the pages: the phone's card equals the server's, the till reads it, and small or poor pictures
are read too.
"""

from __future__ import annotations

import random
from base64 import b64encode
from datetime import UTC, datetime
from io import BytesIO
from itertools import product

import pytest
from PIL import Image
from playwright.sync_api import Page

from domain.model.people import codes
from tests.browser import camera_film

KEY = bytes(range(32))


def as_url(picture: Image.Image) -> str:
    target = BytesIO()
    picture.save(target, "PNG")
    return "data:image/png;base64," + b64encode(target.getvalue()).decode()


READ = """async (urls) => {
  const worker = new Worker("/till/scanner-worker.js");
  const read = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => {
      worker.onmessage = ({ data: { text } }) => resolve(text);
      worker.postMessage({ pixels: data.buffer, width, height }, [data.buffer]);
    });
  };
  const texts = [];
  for (const url of urls) texts.push(await read(url));
  worker.terminate();
  return texts;
}"""


@pytest.fixture
def till(page: Page, pages_url: str) -> Page:
    page.goto(f"{pages_url}/till/")
    return page


def read(page: Page, pictures: list[Image.Image]) -> list[str | None]:
    texts: list[str | None] = page.evaluate(READ, [as_url(picture) for picture in pictures])
    return texts


def payloads() -> tuple[str, str]:
    rng = random.Random(5)
    device = rng.randbytes(8)
    return codes.make_voucher(rng.randbytes(12)), codes.make_card(
        device, secret=codes.device_secret(KEY, device), step=59_464_141
    )


def test_the_phone_makes_the_very_card_that_the_server_knows(till: Page) -> None:
    made = till.evaluate(
        """async ([secret, steps]) => {
          const { openSecret, makeCard } = await import("/shared/card.js");
          const own = await openSecret(secret);
          return Promise.all(steps.map((step) => makeCard(own, step)));
        }""",
        [codes.card_secret(bytes(range(8)), KEY), [59_464_141, 0, 1, 2**31, 2**40]],
    )
    assert made == [
        codes.make_card(bytes(range(8)), secret=KEY, step=step) for step in (59_464_141, 0, 1, 2**31, 2**40)
    ]
    assert made[0] == "1AAECAwQFBgePHCfTa8oSpw"


def test_codes_drawn_on_the_phone_are_read_and_have_the_smallest_version(till: Page) -> None:
    rng = random.Random(9)
    texts = [codes.make_voucher(rng.randbytes(12)) for _ in range(20)] + [
        codes.make_card(rng.randbytes(8), secret=KEY, step=step) for step in range(20)
    ]
    sides, sizes = till.evaluate(
        """async (texts) => {
          const { matrix } = await import("/shared/qr.js");
          const worker = new Worker("/till/scanner-worker.js");
          const sides = [], found = [];
          for (const text of texts) {
            const rows = matrix(text), scale = 4, width = (rows.length + 8) * scale;
            const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
            const dark = (y, x) => rows[Math.floor(y / scale) - 4]?.[Math.floor(x / scale) - 4];
            for (let y = 0; y < width; y++)
              for (let x = 0; x < width; x++) if (dark(y, x)) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
            sides.push(rows.length);
            found.push(await new Promise((resolve) => {
              worker.onmessage = ({ data }) => resolve(data.text);
              worker.postMessage({ pixels: pixels.buffer, width, height: width });
            }));
          }
          worker.terminate();
          return [sides, found];
        }""",
        texts,
    )
    assert sizes == texts
    assert sides == [21] * 20 + [25] * 20


def test_the_till_tells_codes_apart_as_the_server_does(till: Page) -> None:
    voucher, card = payloads()
    server_card, _ = codes.make_server_card(
        codes.membership_number(3), key=KEY, now=datetime(2026, 11, 22, tzinfo=UTC)
    )
    number = codes.membership_number(3)
    spellings = [voucher, voucher.lower(), f"{voucher[:10]}-{voucher[10:]}", voucher.replace("0", "o")]
    typed = [*spellings, card, server_card, number, f"{number[:5]} {number[5:]}"]
    kinds = till.evaluate(
        "async (typed) => { const { classify } = await import('/till/codes.js'); return"
        " typed.map(classify); }",
        typed,
    )
    assert [kind["kind"] for kind in kinds] == ["voucher"] * 4 + ["card"] * 2 + ["number"] * 2
    assert [kind["text"] for kind in kinds] == [codes.classify(text).text for text in typed]


@pytest.mark.parametrize(
    ("payload", "at_least"), [(payloads()[0], 46), (payloads()[1], 52)], ids=["voucher", "card"]
)
def test_a_code_is_read_down_to_the_size_that_its_length_allows(
    till: Page, payload: str, at_least: int
) -> None:
    picture = camera_film.picture_of(payload, 600)
    small = [
        camera_film.stage_picture(picture, side=side, blur=0, degrees=0, light=1, frame=(400, 300))
        for side in range(at_least, 121, 6)
    ]
    assert set(read(till, small)) == {payload}


def test_blurred_turned_and_dim_frames_are_read(till: Page) -> None:
    conditions = list(product((160, 240, 360), (0.0, 1.5, 2.5), (0.0, 17.0, 45.0), (1.0, 0.35)))
    frames, meant = [], []
    for payload in payloads():
        picture = camera_film.picture_of(payload, 600)
        for side, blur, degrees, light in conditions:
            frames.append(
                camera_film.stage_picture(
                    picture, side=side, blur=blur * side / 240, degrees=degrees, light=light, frame=(640, 480)
                )
            )
            meant.append(payload)
    texts = read(till, frames)
    assert len(frames) == 108
    assert {text for text in texts if text is not None} == set(meant)
    assert sum(text == wanted for text, wanted in zip(texts, meant, strict=True)) >= 104
