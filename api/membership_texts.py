"""What the API says where a voucher or a merge is refused: a part of the table in `texts`."""

from collections.abc import Mapping
from typing import Final

MEMBERSHIP_REFUSALS: Final[Mapping[str, Mapping[str, str]]] = {
    "merge.SAME": {
        "en": "Both numbers are of one membership.",
        "pt": "Os dois números são da mesma adesão.",
        "pl": "Oba numery należą do jednego członkostwa.",
    },
    "merge.CLOSED": {
        "en": "One of these memberships was merged into another already.",
        "pt": "Uma destas adesões já foi unida a outra.",
        "pl": "Jedno z tych członkostw zostało już połączone z innym.",
    },
    "merge.FROZEN": {
        "en": "One of these memberships is on hold.",
        "pt": "Uma destas adesões está suspensa.",
        "pl": "Jedno z tych członkostw jest zawieszone.",
    },
    "merge.DELETING": {
        "en": "One of these memberships is being deleted. Its member can keep it by signing in.",
        "pt": "Uma destas adesões está a ser apagada. O membro pode mantê-la ao iniciar sessão.",
        "pl": "Jedno z tych członkostw jest usuwane. Klubowicz może je zachować, logując się.",
    },
    "merge.NOT_MERGED": {
        "en": "This membership was merged into no other.",
        "pt": "Esta adesão não foi unida a nenhuma outra.",
        "pl": "To członkostwo nie zostało połączone z innym.",
    },
    "merge.TOO_LATE": {
        "en": "The merge is more than a day old and stays.",
        "pt": "A união tem mais de um dia e mantém-se.",
        "pl": "Od połączenia minął ponad dzień, więc nie można go cofnąć.",
    },
    "merge.CHANGED": {
        "en": "A purchase or a voucher of the closed membership has changed since.",
        "pt": "Entretanto, uma compra ou um vale da adesão fechada mudou.",
        "pl": "Od tego czasu zmienił się zakup lub kupon zamkniętego członkostwa.",
    },
    "merge.SPENT": {
        "en": "What the merge brought has been spent since.",
        "pt": "O que a união trouxe já foi gasto.",
        "pl": "To, co przyniosło połączenie, zostało już wydane.",
    },
    # Why a challenge cannot be taken up
    "voucher.ISSUED": {
        "en": "This voucher has not been used, and there is nothing to give back for it.",
        "pt": "Este vale ainda não foi usado, e não há nada a devolver por ele.",
        "pl": "Ten kupon nie został jeszcze użyty i nie ma za niego czego zwrócić.",
    },
    "voucher.USED": {
        "en": "This voucher has been used.",
        "pt": "Este vale já foi usado.",
        "pl": "Ten kupon został już wykorzystany.",
    },
    "voucher.EXPIRED": {
        "en": "This voucher has expired.",
        "pt": "Este vale expirou.",
        "pl": "Ten kupon wygasł.",
    },
    "voucher.CANCELLED": {
        "en": "This voucher was given back.",
        "pt": "Este vale foi devolvido.",
        "pl": "Ten kupon został zwrócony.",
    },
    "voucher.MINIMUM": {
        "en": "This voucher is for purchases of a minimum of {amount}.",
        "pt": "Este vale é para compras no mínimo de {amount}.",
        "pl": "Ten kupon jest na zakupy za minimum {amount}.",
    },
    "voucher.DATES": {
        "en": "This voucher was issued after the day of this receipt.",
        "pt": "Este vale foi emitido depois do dia deste talão.",
        "pl": "Ten kupon wydano po dniu tego paragonu.",
    },
    "voucher.OTHER_MEMBER": {
        "en": "This voucher belongs to another member.",
        "pt": "Este vale pertence a outro cliente.",
        "pl": "Ten kupon należy do innego klienta.",
    },
    "voucher.OTHER_STORE": {
        "en": "This voucher is for another store.",
        "pt": "Este vale é para outra loja.",
        "pl": "Ten kupon jest dla innego sklepu.",
    },
}
