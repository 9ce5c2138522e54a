"""What the API says of push, in each of its languages: a part of the table in `texts`."""

from collections.abc import Mapping
from typing import Final

PUSH_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "push.test": {
        "en": "This is a test: notifications reach this phone.",
        "pt": "Isto é um teste: as notificações chegam a este telemóvel.",
        "pl": "To jest test: powiadomienia docierają na ten telefon.",
    },
    "push.NOT_CONFIGURED": {
        "en": "Notifications are not set up here yet. Messages are in the inbox.",
        "pt": "As notificações ainda não estão configuradas. As mensagens estão na caixa de entrada.",
        "pl": "Powiadomienia nie są tu jeszcze skonfigurowane. Wiadomości są w skrzynce.",
    },
    "push.NO_TOKEN": {
        "en": "Notifications are off on this phone. Allow them in its settings, then open the app.",
        "pt": "As notificações estão desligadas neste telemóvel. Permita-as nas definições e abra a app.",
        "pl": "Powiadomienia są wyłączone na tym telefonie. Zezwól na nie w ustawieniach i otwórz aplikację.",
    },
    "push.MOVED": {
        "en": "Somebody has signed in on this phone. Open the app here to get notifications again.",
        "pt": "Alguém iniciou sessão neste telemóvel. Abra aqui a app para voltar a receber notificações.",
        "pl": "Ktoś zalogował się na tym telefonie. Otwórz tu aplikację, aby znów mieć powiadomienia.",
    },
    "push.UNSEEN": {
        "en": "The app was not opened for 60 days. Open it to get notifications again.",
        "pt": "A aplicação não é aberta há 60 dias. Abra-a para voltar a receber notificações.",
        "pl": "Aplikacja nie była otwierana od 60 dni. Otwórz ją, aby znów otrzymywać powiadomienia.",
    },
    "push.UNREGISTERED": {
        "en": "The app was removed from this phone, or installed again. Open it to get notifications.",
        "pt": "A aplicação foi removida deste telemóvel, ou reinstalada. Abra-a para receber notificações.",
        "pl": "Aplikację usunięto z tego telefonu lub zainstalowano ponownie. Otwórz ją, aby je otrzymywać.",
    },
    "push.OTHER_SENDER": {
        "en": "This version of the app gets no notifications from here. Update it.",
        "pt": "Esta versão da aplicação não recebe notificações daqui. Atualize-a.",
        "pl": "Ta wersja aplikacji nie otrzymuje stąd powiadomień. Zaktualizuj ją.",
    },
    "push.INVALID": {
        "en": "This phone's notification address is not valid. Update the app, then open it.",
        "pt": "O endereço de notificações deste telemóvel não é válido. Atualize a aplicação e abra-a.",
        "pl": "Adres powiadomień tego telefonu jest nieprawidłowy. Zaktualizuj aplikację i otwórz ją.",
    },
    "push.NO_ANSWER": {
        "en": "The notification service did not answer. Try again in a minute.",
        "pt": "O serviço de notificações não respondeu. Tente de novo dentro de um minuto.",
        "pl": "Usługa powiadomień nie odpowiedziała. Spróbuj ponownie za minutę.",
    },
    "push.CREDENTIALS": {
        "en": "Notifications do not work at the moment. We are on it.",
        "pt": "De momento as notificações não funcionam. Estamos a tratar disso.",
        "pl": "Powiadomienia chwilowo nie działają. Zajmujemy się tym.",
    },
}
