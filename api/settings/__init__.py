"""Every setting, read once from the environment: `SELO_` before its name, and MONGODB_URI by its own.

Whoever starts a process makes one `Settings` and hands it on; no other module reads the environment. A
setting without a description fails a test, and so does one that the README's table leaves out. `reading.py`
reads them and says what is wrong.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    DirectoryPath,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    validate_email,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SELO_"
DATABASE_VARIABLE = "MONGODB_URI"
HTTP_URL = r"^https?://[^\s/]+"
LONGEST_SECONDS = 3600
_FINGERPRINT = r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$"
SHORTEST_SECRET = 32


class BadSettings(Exception):
    """A setting that cannot be used; the message is one sentence for whoever starts the process."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, populate_by_name=True, extra="ignore")

    # Where things are
    data: Path = Field(
        Path("selo-data"),
        description="The data folder: the embedded database, the keys made at first start, `server.json`",
    )
    mongodb_uri: SecretStr | None = Field(
        None,
        validation_alias=DATABASE_VARIABLE,
        description=(
            "A MongoDB replica set or sharded cluster; without it the embedded database runs as a child"
            " process"
        ),
    )
    database: str = Field(
        "selo", pattern=r"^[A-Za-z0-9_-]{1,38}$", examples=["selo"], description="The database's name"
    )
    host: str = Field("127.0.0.1", description="The address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="The port to listen on; 0 takes a free one")
    base_url: str | None = Field(
        None,
        pattern=r"^https?://\S*[^\s/]$",
        examples=["https://club.example, without a slash at its end"],
        description=(
            "What the outside calls this server: start of links, else the address it listens on; issuer of"
            " tokens, else selo"
        ),
    )
    links_url: str | None = Field(
        None,
        pattern=r"^https://\S*[^\s/]$",
        examples=["https://go.club.example, without a slash at its end"],
        description="Where the links that the app opens begin: invitations, messages; else SELO_BASE_URL",
    )
    link_paths: list[Annotated[str, StringConstraints(pattern=r"^/\S*$")]] = Field(
        default_factory=lambda: ["/phone/*"],
        examples=['["/phone/*"]'],
        description="Paths of those links that the app opens on an iPhone, as a JSON list",
    )
    apple_apps: list[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}\.[A-Za-z0-9.-]+$")]] = Field(
        default_factory=list,
        examples=['["ABCDE12345.example.club"]'],
        description="iPhone apps that open those links, as a JSON list of team id and bundle id",
    )
    android_apps: dict[str, list[Annotated[str, StringConstraints(pattern=_FINGERPRINT)]]] = Field(
        default_factory=dict,
        examples=[f'{{"example.club": ["{"AB:" * 31}AB"]}}'],
        description="Android apps that open them, as a JSON object of package and certificates' SHA-256",
    )
    erasures_file: Path | None = Field(
        None, description="Ids of the erased, outside the database; by default beside the data folder"
    )
    archive: Path | None = Field(
        None, description="Where selo archive puts old journal rows; by default in the data folder"
    )
    programme: Path | None = Field(
        None, description="A programme file to publish at start; the same content again is no new version"
    )
    demo: bool = Field(
        False,
        description=(
            "The example programme, 200 members with a history, and sign-in codes in the terminal; never in"
            " production"
        ),
    )
    media: DirectoryPath | None = Field(
        None,
        description=(
            "A folder of pictures, served under /media/, that the programme file's image and art name; the"
            " demo brings its own"
        ),
    )

    # Who may
    token_keys: SecretStr | None = Field(
        None,
        description=(
            "Ed25519 private keys in PEM, one after another: the first signs, all verify; required with"
            " MONGODB_URI, else made in the data folder"
        ),
    )
    secret: SecretStr | None = Field(
        None,
        min_length=SHORTEST_SECRET,
        description=(
            "32 characters or more: encrypts voucher codes, hashes contacts, signs links to unsubscribe;"
            " required with MONGODB_URI, else made in the data folder"
        ),
    )
    secrets_before: list[Annotated[SecretStr, Field(min_length=SHORTEST_SECRET)]] = Field(
        default_factory=list,
        examples=['["the secret before this one: 32 characters or more"]'],
        description=("Earlier values of SELO_SECRET, as a JSON list: what was made with them is still read"),
    )
    access_token_minutes: int = Field(15, ge=1, le=60, description="How long an access token lives")
    session_idle_days: int = Field(30, ge=1, le=365, description="A session not refreshed for so long ends")
    session_days: int = Field(90, ge=1, le=730, description="The longest that a member's session lasts")
    staff_session_hours: int = Field(
        12, ge=1, le=24, description="The longest that a staff session lasts: a shift"
    )
    second_factor_managers: bool = Field(
        False,
        description="Whether managers, too, sign in with a code of an authenticator app; operators always do",
    )
    shift_purchases: int = Field(
        2_000, ge=1, description="The most purchases and events that one employee may record in a day"
    )
    shift_vouchers: int = Field(
        1_000, ge=1, description="The most vouchers that one employee may accept in a day"
    )
    shift_refunded: int = Field(
        1_000_000,
        ge=1,
        description="The most that one employee may refund in a day, in minor units of the currency",
    )
    shift_adjusted: int = Field(
        50_000,
        ge=1,
        description=(
            "The most that one employee may move in a day by corrections and events, and by what their rules"
            " with a delay award later, points and minor units together"
        ),
    )
    shift_corrected: int = Field(
        10_000,
        ge=0,
        description=(
            "The most that one employee may correct in a day without an operator's approval, points and minor"
            " units together"
        ),
    )
    shift_look_ups: int = Field(
        2_000, ge=1, description="The most members that one employee may look up in a day"
    )
    receipt_maximum: int = Field(
        1_000_000,
        ge=1,
        description="The highest receipt that a cashier may record, in minor units; above it takes a manager",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        examples=['["https://shop.example"]'],
        description=(
            "Origins of other web pages and of Ionic apps (capacitor://localhost) that may call the API, as a"
            " JSON list; none by default"
        ),
    )
    cors_headers: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]] = Field(
        default_factory=lambda: ["Apollo-Require-Preflight", "X-Apollo-Operation-Name", "X-Request-Id"],
        examples=['["X-App-Version"]'],
        description=(
            "Request headers that those may send beside Authorization and Content-Type, as a JSON list"
        ),
    )
    graphiql: bool = Field(True, description="GraphiQL at /graphql for browsers")
    introspection: bool = Field(
        True, description="Whether the schema may be asked for; off also turns GraphiQL off"
    )
    trusted_proxies: list[str] = Field(
        default_factory=list,
        examples=['["10.0.0.7"]'],
        description=(
            "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, as a JSON list"
        ),
    )

    # Who is reached
    firebase_credentials: Path | None = Field(
        None,
        description=(
            "A service account file of the Firebase project: with it push is on and Firebase sign-in works"
        ),
    )
    firebase_project: str | None = Field(
        None,
        description=(
            "The Firebase project where there is no file: push then goes by the identity of the machine"
            " (workload identity)"
        ),
    )
    fcm_url: str | None = Field(
        None,
        pattern=HTTP_URL,
        examples=["http://127.0.0.1:9000"],
        description="Another address than Google's for push: a stand-in, for tests",
    )
    web_push_key: SecretStr | None = Field(
        None,
        description=(
            "An EC private key in PEM (P-256), for push to browsers; without it and MONGODB_URI it is made in"
            " the data folder, with MONGODB_URI browsers get none"
        ),
    )
    web_push_url: str | None = Field(
        None,
        pattern=HTTP_URL,
        examples=["http://127.0.0.1:9001"],
        description="The one push service, in place of the browsers' own: a stand-in, for tests",
    )
    firebase_certificates_url: str = Field(
        "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com",
        pattern=HTTP_URL,
        examples=["https://www.example/certificates"],
        description="Where the certificates are that ID tokens of Firebase are signed by",
    )
    firebase_auth_emulator_host: str | None = Field(
        None,
        validation_alias="FIREBASE_AUTH_EMULATOR_HOST",
        description=(
            "Firebase's own variable, by which its libraries believe unsigned tokens: only a demo starts"
            " with it"
        ),
    )
    smtp_host: str | None = Field(
        None,
        pattern=r"^[^\s/]+$",
        examples=["mail.example"],
        description="The mail server that e-mail and sign-in codes go to; without it there is no e-mail",
    )
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to it is made safe"
    )
    smtp_user: str | None = Field(None, description="Who signs in there, where it asks")
    smtp_password: SecretStr | None = Field(None, description="Their password")
    mail_from: str | None = Field(
        None, description="The address that e-mail comes from; needed with SELO_SMTP_HOST"
    )
    mail_from_name: str = Field(
        "", max_length=100, description="The name beside it, as people see it in their mailbox"
    )
    sms_url: SecretStr | None = Field(
        None,
        description=(
            "The HTTP gateway that text messages go through; it may hold {to}, {text} and {id}; without it"
            " there are none"
        ),
    )
    sms_method: Literal["POST", "PUT", "GET"] = Field("POST", description="The method of the request to it")
    sms_headers: SecretStr = Field(
        SecretStr("{}"),
        description=(
            "Its headers, as a JSON object; their Content-Type, else how the body begins, decides how texts"
            " are written"
        ),
    )
    sms_body: SecretStr = Field(
        SecretStr(""), description="Its body, with {to}, {text} and {id} where they belong"
    )
    sms_countries: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = Field(
        default_factory=list,
        examples=['["PT"]'],
        description=(
            "Countries whose mobile numbers text messages go to, as a JSON list of ISO 3166 codes; by default"
            " that of the programme's time zone"
        ),
    )
    webhooks: SecretStr = Field(
        SecretStr("{}"),
        description=(
            'Where webhooks go, as a JSON object: {"NAME": {"url": "https://...", "secret": "32 characters or'
            ' more"}}; "events" are those it is told of without a rule'
        ),
    )
    source_secrets: SecretStr = Field(
        SecretStr("{}"), description='Secrets of shops that report, by name, as JSON: {"SHOP_SECRET": "..."}'
    )

    # How much
    sign_in_codes_per_contact_hour: int = Field(
        20,
        ge=1,
        description="Sign-in codes to a contact in an hour; a device that signed in before has as many",
    )
    sign_in_codes_per_address_hour: int = Field(
        200, ge=1, description="Sign-in codes that one address can ask for in an hour"
    )
    sms_codes_per_hour: int = Field(
        500,
        ge=1,
        description="Codes by SMS in an hour to numbers that no member has (per process)",
    )
    sms_codes_per_country_hour: int = Field(
        200, ge=1, description="The same for the numbers of one country (per process)"
    )
    enrolments_per_address_hour: int = Field(200, ge=1, description="Enrolments from one address in an hour")
    member_points_per_minute: int = Field(
        300,
        ge=1,
        description="What one member can ask in a minute: a query counts 1, a mutation 5, and each 1,000 of"
        " what a document costs 1 more (per process)",
    )
    anonymous_requests_per_minute: int = Field(
        600, ge=1, description="Requests without sign-in from one address in a minute (per process)"
    )
    staff_requests_per_minute: int = Field(
        600, ge=1, description="Requests of one till in a minute (per process)"
    )
    bad_scans_per_minute: int = Field(
        10, ge=1, description="Unknown or forged codes that lock a till for a minute"
    )
    look_ups_per_minute: int = Field(
        30, ge=1, description="Members that one employee may look up in a minute (per process)"
    )
    operation_seconds: float = Field(
        10, gt=0, le=LONGEST_SECONDS, description="The longest that one GraphQL operation may take"
    )
    database_seconds: float = Field(
        5, gt=0, le=LONGEST_SECONDS, description="The longest that one database call may take"
    )
    shutdown_seconds: int = Field(
        10, ge=1, description="How long requests under way get to finish at shutdown"
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description=(
            "A port of its own for /metrics, /health and /ready, without a token: for the operator's"
            " network alone"
        ),
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=SHORTEST_SECRET,
        description="Shows /metrics at the API's port to whoever sends it as Bearer; 32 characters or more",
    )
    worker_port: int | None = Field(
        None, ge=0, le=65_535, description="The same port of `selo worker`, where it runs alone"
    )
    worker: bool = Field(
        True,
        description=(
            "Whether `selo serve` also delivers messages and takes the turn; off where `selo worker` runs"
            " alone"
        ),
    )

    # What is said
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious log line written"
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="Log lines for people, or one JSON object a line"
    )

    @field_validator("mail_from")
    @classmethod
    def is_email_address(cls, value: str | None) -> str | None:
        """Refuse what is no address. Pydantic's type for it would import its library at every start."""
        return None if value is None else validate_email(value)[1]

    @field_validator("*", mode="before")
    @classmethod
    def not_empty(cls, value: object, info: ValidationInfo) -> object:
        """Refuse an empty value: an empty path would be the current folder, an empty host every address."""
        if (
            value == ""
            and info.field_name is not None
            and cls.model_fields[info.field_name].default not in ("", SecretStr(""))
        ):
            raise PydanticCustomError("empty", "it is empty: give it a value, or unset it")
        return value
