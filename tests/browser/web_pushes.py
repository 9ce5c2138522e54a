"""Pushes in a real browser: subscribing at our stand-in, handing it a push, and tapping what it shows."""

from __future__ import annotations

import json

from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.senders.push_service import WebPushed

# Chrome subscribes at Google's service, which no test reaches: here it subscribes at ours.
SUBSCRIBES = """
let made = null;
PushManager.prototype.getSubscription = async () => made;
PushManager.prototype.subscribe = async (options) => {
  const key = atob(options.applicationServerKey.replaceAll("-", "+").replaceAll("_", "/"));
  const subscription = %s;
  made = { ...subscription, toJSON: () => subscription, unsubscribe: async () => { made = null; },
    options: { applicationServerKey: Uint8Array.from(key, (each) => each.charCodeAt(0)) } };
  return made;
};
"""


def turn_on_push(phone: Page) -> None:
    """Take the offer that comes once something was earned."""
    offer = phone.locator(".offering")
    expect(offer).to_contain_text("Quer saber aqui o que ganha")
    offer.locator(".primary").click()
    expect(phone.locator(".toast").last).to_have_text("Notificações ligadas")
    expect(offer).to_have_count(0)


def deliver(session: CDPSession, registrations: list[str], url: str, pushed: WebPushed) -> None:
    """Hand a push to the browser, as its service does."""
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": url, "registrationId": registrations[0], "data": json.dumps(pushed.payload)},
    )


def watched_workers(context: BrowserContext, page: Page) -> tuple[CDPSession, list[str]]:
    """Return what pushes are handed through, once the page's worker is there to take them: one that is still
    being installed is handed nothing.
    """
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session, registrations = context.new_cdp_session(page), list[str]()

    def note(event: dict[str, list[dict[str, str]]]) -> None:
        registrations.extend(each["registrationId"] for each in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    return session, registrations


def tap_notification(context: BrowserContext) -> list[str]:
    """Wait for the phone's notification and tap it; return its title and body."""
    (worker,) = [each for each in context.service_workers if each.url.endswith("/phone/sw.js")]
    said: list[str] = worker.evaluate(
        """async () => {
          let notification;
          for (let turn = 0; !notification && turn < 400; turn++) {
            [notification] = await self.registration.getNotifications();
            await new Promise((go) => setTimeout(go, 50));
          }
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
          return [notification.title, notification.body];
        }"""
    )
    return said
