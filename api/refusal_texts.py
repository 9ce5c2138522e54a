"""What the API says where it refuses something, in each of its languages: a part of the table in `texts`."""

from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[str, Mapping[str, str]]] = {
    "problem.IdempotencyConflict": {
        "en": "This idempotency key was used for another request. Make a new key for a new request.",
        "pt": "Esta chave já foi usada noutro pedido. Crie uma nova chave para um novo pedido.",
        "pl": "Ten klucz został użyty w innym żądaniu. Nowe żądanie wymaga nowego klucza.",
    },
    "problem.TermsNotAccepted": {
        "en": "Please accept the current terms (version {version}).",
        "pt": "Aceite os termos atuais (versão {version}).",
        "pl": "Zaakceptuj aktualny regulamin (wersja {version}).",
    },
    "problem.NotEnrolled": {
        "en": (
            "There is no membership for this contact yet. Join first; if you have just joined, sign in on the"
            " device where you did."
        ),
        "pt": (
            "Ainda não há adesão com este contacto. Adira primeiro; se acabou de aderir, inicie sessão no"
            " dispositivo onde o fez."
        ),
        "pl": (
            "Dla tego kontaktu nie ma jeszcze członkostwa. Najpierw dołącz; jeśli właśnie to się stało,"
            " zaloguj się na tym samym urządzeniu."
        ),
    },
    "problem.MembershipBeingDeleted": {
        "en": "This membership is being deleted, and gone for good on {day}. You can still keep it.",
        "pt": "Esta adesão está a ser eliminada e desaparece de vez a {day}. Ainda a pode manter.",
        "pl": "To członkostwo jest usuwane i zniknie na zawsze {day}. Można je jeszcze zachować.",
    },
    "problem.ContactTaken": {
        "en": "This contact belongs to another membership.",
        "pt": "Este contacto pertence a outra adesão.",
        "pl": "Ten kontakt należy do innego członkostwa.",
    },
    "problem.ContactProofNeeded": {
        "en": (
            "Type the code that was sent to your present contact too, or sign in again and change it within"
            " 10 minutes."
        ),
        "pt": (
            "Escreva também o código enviado para o seu contacto atual, ou inicie sessão de novo e altere-o"
            " em 10 minutos."
        ),
        "pl": (
            "Wpisz też kod wysłany na obecny kontakt albo zaloguj się ponownie i zmień kontakt w ciągu 10"
            " minut."
        ),
    },
    "problem.LinkExpired": {
        "en": "This link was used before, or is too old. If somebody has got into your membership, tell us.",
        "pt": "Esta ligação já foi usada ou é demasiado antiga. Se alguém entrou na sua adesão, avise-nos.",
        "pl": (
            "Ten link został już użyty albo jest za stary. Jeśli ktoś dostał się do Twojego członkostwa,"
            " powiadom nas."
        ),
    },
    "refused.WRONG_CODE": {
        "en": "This code is not right. Check it and type it again.",
        "pt": "O código não está correto. Verifique-o e escreva-o de novo.",
        "pl": "Kod jest nieprawidłowy. Sprawdź go i wpisz ponownie.",
    },
    "refused.EXPIRED_CODE": {
        "en": "This code is no longer valid. Ask for a new one.",
        "pt": "Este código já não é válido. Peça um novo.",
        "pl": "Ten kod stracił ważność. Poproś o nowy.",
    },
    "refused.EMAIL_NOT_VERIFIED": {
        "en": "This e-mail address is not confirmed yet. Open the link in the e-mail you got, then go on.",
        "pt": "Este e-mail ainda não foi confirmado. Abra a ligação no e-mail que recebeu e depois continue.",
        "pl": "Ten adres e-mail nie jest potwierdzony. Otwórz link z otrzymanej wiadomości i przejdź dalej.",
    },
    "refused.TOO_MANY_ATTEMPTS": {
        "en": "Too many attempts. Ask for a new code or wait a while.",
        "pt": "Demasiadas tentativas. Peça um novo código ou aguarde um pouco.",
        "pl": "Zbyt wiele prób. Poproś o nowy kod albo chwilę odczekaj.",
    },
    "refused.WRONG_PASSWORD": {
        "en": "User name, password or store is not right.",
        "pt": "O utilizador, a palavra-passe ou a loja não está correto.",
        "pl": "Nazwa użytkownika, hasło lub sklep są nieprawidłowe.",
    },
    "refused.WRONG_SECOND_FACTOR": {
        "en": "The code is not right or was used before. Wait for the next one in your app.",
        "pt": "O código não está correto ou já foi usado. Espere pelo próximo na aplicação.",
        "pl": "Kod jest nieprawidłowy lub był już użyty. Poczekaj na następny w aplikacji.",
    },
    "refused.WRONG_SETUP_KEY": {
        "en": "The set-up key is not right, was used, or is older than 7 days. Ask for another.",
        "pt": "A chave de configuração não está correta, já foi usada ou tem mais de 7 dias. Peça outra.",
        "pl": "Klucz konfiguracji jest nieprawidłowy, użyty lub starszy niż 7 dni. Poproś o nowy.",
    },
    "second_factor.CODE": {
        "en": "Enter the six digits that your authenticator app shows.",
        "pt": "Escreva os seis dígitos que a sua aplicação de autenticação mostra.",
        "pl": "Wpisz sześć cyfr, które pokazuje twoja aplikacja uwierzytelniająca.",
    },
    "second_factor.SETUP_KEY": {
        "en": "This account needs an authenticator app. Enter the set-up key that came with it.",
        "pt": "Esta conta precisa de uma aplicação de autenticação. Escreva a chave que recebeu com ela.",
        "pl": "To konto wymaga aplikacji uwierzytelniającej. Wpisz otrzymany klucz konfiguracji.",
    },
    "second_factor.ENROL": {
        "en": "Scan the picture with your authenticator app, then enter the six digits that it shows.",
        "pt": "Leia a imagem com a sua aplicação de autenticação e escreva os seis dígitos que ela mostra.",
        "pl": "Zeskanuj obrazek aplikacją uwierzytelniającą i wpisz sześć cyfr, które pokaże.",
    },
    "refused.SESSION_ENDED": {
        "en": "This session has ended. Sign in again.",
        "pt": "Esta sessão terminou. Inicie sessão de novo.",
        "pl": "Ta sesja się zakończyła. Zaloguj się ponownie.",
    },
    "refused.DISABLED": {
        "en": "This account is disabled.",
        "pt": "Esta conta está desativada.",
        "pl": "To konto jest wyłączone.",
    },
    "not_allowed.OWN_MEMBERSHIP": {
        "en": "Nobody serves their own membership. Ask a colleague.",
        "pt": "Ninguém atende a sua própria adesão. Peça a um colega.",
        "pl": "Nikt nie obsługuje własnego członkostwa. Poproś kogoś z zespołu.",
    },
    "not_allowed.OTHER_STORE": {
        "en": "This belongs to another store.",
        "pt": "Isto pertence a outra loja.",
        "pl": "To należy do innego sklepu.",
    },
    "not_allowed.SHIFT_LIMIT": {
        "en": "You have reached today's limit. Somebody else has to take over.",
        "pt": "Atingiu o limite de hoje. Outra pessoa tem de assumir.",
        "pl": "Dzisiejszy limit został wyczerpany. Musi przejąć ktoś inny.",
    },
    "not_allowed.RECEIPT": {
        "en": "A receipt above {amount} is recorded by a manager.",
        "pt": "Um talão acima de {amount} é registado por um gerente.",
        "pl": "Paragon powyżej {amount} zapisuje kierownik.",
    },
    "not_allowed.MEMBER_FROZEN": {
        "en": "This membership is on hold.",
        "pt": "Esta adesão está suspensa.",
        "pl": "To członkostwo jest zawieszone.",
    },
    "not_allowed.ROLE": {
        "en": "A manager has to do this.",
        "pt": "Só um gerente pode fazer isto.",
        "pl": "To może zrobić tylko kierownik.",
    },
    "not_allowed.TOO_LATE": {
        "en": "It is too late for this.",
        "pt": "Já é tarde para isto.",
        "pl": "Na to jest już za późno.",
    },
    "problem.MalformedCode": {
        "en": "This is no code of a member or a voucher. Scan it again, or type it.",
        "pt": "Isto não é um código de sócio nem de vale. Leia-o de novo, ou escreva-o.",
        "pl": "To nie jest kod klubowicza ani kuponu. Zeskanuj go ponownie albo wpisz.",
    },
    "problem.ProgrammeFaulty": {
        "en": "The file has faults and is not published.",
        "pt": "O ficheiro tem erros e não é publicado.",
        "pl": "Plik zawiera błędy i nie zostanie opublikowany.",
    },
    "problem.BacktestRunning": {
        "en": "Another back-test is running on this server. Wait for it, or end it.",
        "pt": "Já está a correr outro teste com o histórico neste servidor. Espere que acabe, ou termine-o.",
        "pl": "Na tym serwerze trwa już inna próba na historii. Poczekaj na jej koniec albo ją przerwij.",
    },
    "problem.ProgrammeOvertaken": {
        "en": "Version {version} was published meanwhile. Compare with it and propose yours again.",
        "pt": "Entretanto foi publicada a versão {version}. Compare e volte a propor a sua.",
        "pl": "W międzyczasie opublikowano wersję {version}. Porównaj z nią i zaproponuj swoją ponownie.",
    },
    "problem.ProgrammeUnchanged": {
        "en": "The file says the same as the version in force.",
        "pt": "O ficheiro diz o mesmo que a versão em vigor.",
        "pl": "Plik mówi to samo co obowiązująca wersja.",
    },
    "not_allowed.FOUR_EYES": {
        "en": "An operator has to approve this.",
        "pt": "Um operador tem de aprovar isto.",
        "pl": "Musi to zatwierdzić operator.",
    },
    "not_allowed.FOUR_EYES.OWN": {
        "en": "You have asked for this yourself. Somebody else has to approve it.",
        "pt": "Foi você que fez este pedido. Tem de ser outra pessoa a aprová-lo.",
        "pl": "To Twoja własna prośba. Musi ją zatwierdzić ktoś inny.",
    },
    "not_allowed.FOUR_EYES.FRESH": {
        "en": "An account that is new, or was reset, approves nothing for a day.",
        "pt": "Uma conta nova, ou com outra palavra-passe ou segundo passo, não aprova nada durante um dia.",
        "pl": "Konto nowe albo z nowym hasłem lub drugim krokiem przez dobę niczego nie zatwierdza.",
    },
    "not_allowed.FOUR_EYES.RESET": {
        "en": "The account that asked was new, or reset less than a day before. Have its owner ask again.",
        "pt": "A conta que pediu era nova ou fora reposta há menos de um dia. O dono deve pedir de novo.",
        "pl": "Konto, które prosi, było nowe lub zresetowane przed mniej niż dobą. Niech poprosi znów.",
    },
    "not_allowed.FOUR_EYES.MADE": {
        "en": "One of you made the other's account. Somebody else has to approve this.",
        "pt": "Um dos dois criou a conta do outro. Outra pessoa tem de aprovar isto.",
        "pl": "Jedno z was założyło konto drugiego. Musi to zatwierdzić ktoś inny.",
    },
    "not_allowed.FOUR_EYES.SAME_PERSON": {
        "en": "Both accounts belong to one person. Somebody else has to approve this.",
        "pt": "As duas contas são da mesma pessoa. Tem de ser outra pessoa a aprovar isto.",
        "pl": "Oba konta należą do jednej osoby. Musi to zatwierdzić ktoś inny.",
    },
    "not_allowed.FOUR_EYES.SUBJECT": {
        "en": "This is about your own account. Somebody else has to approve it.",
        "pt": "Isto diz respeito à sua própria conta. Tem de ser outra pessoa a aprová-lo.",
        "pl": "To dotyczy Twojego własnego konta. Musi to zatwierdzić ktoś inny.",
    },
    "problem.UnknownCode": {
        "en": "No membership and no voucher has this code.",
        "pt": "Nenhuma adesão e nenhum vale tem este código.",
        "pl": "Żadne członkostwo i żaden kupon nie ma tego kodu.",
    },
    "problem.ExpiredCode": {
        "en": "This code has expired. Scan the card again.",
        "pt": "Este código expirou. Leia o cartão de novo.",
        "pl": "Ten kod wygasł. Zeskanuj kartę ponownie.",
    },
    "problem.PurchaseClaimed.same": {
        "en": "This receipt is recorded already, for this member.",
        "pt": "Este talão já está registado, para este sócio.",
        "pl": "Ten paragon jest już zapisany dla tej osoby.",
    },
    "problem.PurchaseClaimed.other": {
        "en": "This receipt is recorded already, for another member.",
        "pt": "Este talão já está registado, para outro sócio.",
        "pl": "Ten paragon jest już zapisany dla innej osoby.",
    },
    "problem.AlreadyEnrolled": {
        "en": "A member has this contact already. Record the purchase for them.",
        "pt": "Já há um sócio com este contacto. Registe a compra para ele.",
        "pl": "Ten kontakt ma już osoba należąca do programu. Zapisz zakup dla niej.",
    },
    "problem.UnknownPurchase": {
        "en": "No purchase is known by this receipt number.",
        "pt": "Nenhuma compra é conhecida por este número de talão.",
        "pl": "Nie znaleziono zakupu o tym numerze paragonu.",
    },
    "problem.RefundTooLarge": {
        "en": "At most {amount} can still be refunded.",
        "pt": "Só podem ser devolvidos mais {amount}.",
        "pl": "Można zwrócić jeszcze najwyżej {amount}.",
    },
    "problem.CorrectionRefused.RETURNED": {
        "en": "All of this receipt was returned. Record a new one.",
        "pt": "Este talão já foi todo devolvido. Registe um novo.",
        "pl": "Ten paragon zwrócono w całości. Zapisz nowy.",
    },
    "problem.CorrectionRefused.BELOW_RETURNED": {
        "en": "{amount} of this receipt was returned already: refund the rest instead.",
        "pt": "Já foram devolvidos {amount} deste talão: devolva antes o resto.",
        "pl": "Z tego paragonu zwrócono już {amount}: zwróć raczej resztę.",
    },
    "problem.CorrectionRefused.PAID_AND_RETURNED": {
        "en": "Part was paid with a balance and {amount} returned: refund the rest and record a new receipt.",
        "pt": "Parte foi paga com saldo e devolveram-se {amount}: devolva o resto e registe um novo talão.",
        "pl": "Część opłacono saldem i zwrócono {amount}: zwróć resztę i zapisz nowy paragon.",
    },
    "problem.CorrectionRefused.VOUCHER_MINIMUM": {
        "en": "{voucher} was used on this receipt and asks for more. Have a manager reverse its use first.",
        "pt": "{voucher} foi usado neste talão e exige mais. Peça primeiro a um gerente que anule o uso.",
        "pl": "{voucher}: wykorzystano przy tym paragonie i wymaga więcej. Najpierw cofnij wykorzystanie.",
    },
    "problem.CorrectionRefused.VOUCHER_USED": {
        "en": "{voucher} came with this receipt, would go with it, and is used. Refund the receipt instead.",
        "pt": "{voucher} veio com este talão, iria com ele, e já foi usado. Devolva antes o talão.",
        "pl": "{voucher}: z tego paragonu, przepadłby z nim, a jest wykorzystany. Zwróć raczej paragon.",
    },
    "problem.CorrectionRefused.PAYMENT": {
        "en": "What a balance paid does not fit this total. Refund the receipt and record a new one.",
        "pt": "O que foi pago com saldo não cabe neste total. Devolva o talão e registe um novo.",
        "pl": "Kwota zapłacona saldem nie pasuje do tej sumy. Zwróć paragon i zapisz nowy.",
    },
    "not_allowed.PRESENCE": {
        "en": "Scan the customer's card: paying with a balance takes a fresh code.",
        "pt": "Leia o cartão do cliente: pagar com saldo exige um código atual.",
        "pl": "Zeskanuj kartę klienta: płatność saldem wymaga świeżego kodu.",
    },
    "problem.PaymentNotAccepted.NOT_PAYABLE": {
        "en": "Purchases are not paid with {wallet}.",
        "pt": "{wallet} não paga compras.",
        "pl": "Za zakupy nie płaci się tym: {wallet}.",
    },
    "problem.PaymentNotAccepted.STEP": {
        "en": "{wallet}: pay with a multiple of {units}.",
        "pt": "{wallet}: pague com um múltiplo de {units}.",
        "pl": "{wallet}: płać wielokrotnością {units}.",
    },
    "problem.PaymentNotAccepted.MINIMUM": {
        "en": "{wallet}: pay with {units} or more.",
        "pt": "{wallet}: pague com {units} ou mais.",
        "pl": "{wallet}: płać kwotą {units} lub większą.",
    },
    "problem.PaymentNotAccepted.SHARE": {
        "en": "{wallet}: this purchase takes at most {units}.",
        "pt": "{wallet}: esta compra aceita no máximo {units}.",
        "pl": "{wallet}: przy tych zakupach najwyżej {units}.",
    },
    "problem.HoldNotUsable": {
        "en": "What was held for this order is no longer there.",
        "pt": "O que estava reservado para esta encomenda já não está disponível.",
        "pl": "Rezerwacja dla tego zamówienia już nie obowiązuje.",
    },
    "problem.HoldRefused.TOO_MANY_HOLDS": {
        "en": "At most {most} orders can be paid at the same time: finish one, or give it up.",
        "pt": "Só pode pagar {most} encomendas ao mesmo tempo: conclua uma ou desista dela.",
        "pl": "Jednocześnie można opłacać najwyżej {most} zamówień: dokończ jedno albo z niego zrezygnuj.",
    },
    "problem.HoldRefused.TOO_MANY_LOTS": {
        "en": "At most {most} can be held for this order.",
        "pt": "Para esta encomenda podem ser reservados no máximo {most}.",
        "pl": "Dla tego zamówienia można zarezerwować najwyżej {most}.",
    },
    "problem.InsufficientBalance": {
        "en": "The balance is {amount} too low.",
        "pt": "Saldo insuficiente: em falta {amount}.",
        "pl": "Na saldzie brakuje {amount}.",
    },
    # Why two memberships are not merged, or a merge is not undone
    "challenge.OVER": {
        "en": "This challenge is over.",
        "pt": "Este desafio já terminou.",
        "pl": "To wyzwanie już się skończyło.",
    },
    "challenge.NO_GOAL": {
        "en": "There is no goal for you in this challenge yet.",
        "pt": "Ainda não há um objetivo para si neste desafio.",
        "pl": "W tym wyzwaniu nie ma jeszcze celu dla Ciebie.",
    },
    "challenge.EARNED": {
        "en": "You have this badge already.",
        "pt": "Já tem este emblema.",
        "pl": "Masz już tę odznakę.",
    },
    "challenge.FROZEN": {
        "en": "Your membership is on hold: ask at a store.",
        "pt": "A sua adesão está suspensa: pergunte numa loja.",
        "pl": "Twoje członkostwo jest zawieszone: zapytaj w sklepie.",
    },
    "problem.SurveyAnsweredBefore": {
        "en": "This was answered before. Thank you.",
        "pt": "Esta pergunta já teve resposta. Obrigado.",
        "pl": "Na to pytanie jest już odpowiedź. Dziękujemy.",
    },
    "problem.WalletFull": {
        "en": "This balance can take {amount} more at most.",
        "pt": "Este saldo só pode receber mais {amount}.",
        "pl": "Do tego salda można dodać jeszcze najwyżej {amount}.",
    },
    "problem.RewardLocked": {
        "en": "This reward cannot be redeemed now.",
        "pt": "Este prémio não pode ser resgatado agora.",
        "pl": "Tej nagrody nie można teraz odebrać.",
    },
    "code.UNKNOWN": {
        "en": "This code does not count. Check it and type it again.",
        "pt": "Este código não é válido. Verifique-o e escreva-o de novo.",
        "pl": "Ten kod nie działa. Sprawdź go i wpisz ponownie.",
    },
    "code.NOT_NOW": {
        "en": "This code counts on other days or at other hours.",
        "pt": "Este código só conta noutros dias ou a outras horas.",
        "pl": "Ten kod działa w innych dniach albo godzinach.",
    },
    "code.OVER": {
        "en": "The time for this code is over.",
        "pt": "O prazo deste código já passou.",
        "pl": "Termin tego kodu już minął.",
    },
    "code.USED_UP": {
        "en": "This code was used up.",
        "pt": "Este código esgotou.",
        "pl": "Ten kod został wyczerpany.",
    },
    "code.ENTERED_BEFORE": {
        "en": "You have entered this code before. It counted then.",
        "pt": "Já introduziu este código. Já contou.",
        "pl": "Ten kod był już wpisany. Został zaliczony.",
    },
    "code.TOO_MANY_TRIES": {
        "en": "Too many wrong codes for today. Try again tomorrow.",
        "pt": "Demasiados códigos errados por hoje. Tente de novo amanhã.",
        "pl": "Zbyt wiele błędnych kodów na dziś. Spróbuj ponownie jutro.",
    },
    "code.FROZEN": {
        "en": "This membership is on hold.",
        "pt": "Esta adesão está suspensa.",
        "pl": "To członkostwo jest zawieszone.",
    },
}
