"""Universal links: the two files by which Apple and Google let the company's app open links of this address.

    /.well-known/apple-app-site-association   of the apps that SELO_APPLE_APPS names
    /.well-known/assetlinks.json              of the apps that SELO_ANDROID_APPS names

Where links begin elsewhere (SELO_LINKS_URL), that host hands both paths on to this server. Apple and Google
read them without a redirect, as JSON, and each keeps what it read for a day.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.routing import Route

from api.http.json_response import JsonResponse
from api.settings import Settings

HEADERS = {"cache-control": "public, max-age=3600"}


def link_base(settings: Settings) -> str:
    """Return where links begin that the app may open; empty where no setting says so."""
    return settings.links_url or settings.base_url or ""


def app_link_routes(settings: Settings) -> list[Route]:
    """Return the routes of the files whose apps the settings name."""
    files: dict[str, object] = {}
    if settings.apple_apps:
        files["apple-app-site-association"] = apple_file(settings)
    if settings.android_apps:
        files["assetlinks.json"] = android_file(settings)
    return [_route(name, body) for name, body in files.items()]


def apple_file(settings: Settings) -> Mapping[str, object]:
    """Return Apple's file: which paths which apps open, in the form that iOS reads since version 13."""
    components = [{"/": path} for path in settings.link_paths]
    return {"applinks": {"details": [{"appIDs": settings.apple_apps, "components": components}]}}


def android_file(settings: Settings) -> list[Mapping[str, object]]:
    """Return Google's file: the packages that open links of this host, each with its certificates."""
    return [
        {
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": fingerprints,
            },
        }
        for package, fingerprints in settings.android_apps.items()
    ]


def _route(name: str, body: object) -> Route:
    async def association(_request: Request) -> JsonResponse:
        return JsonResponse(body, headers=HEADERS)

    return Route(f"/.well-known/{name}", association, methods=["GET"])
