/* What the page that undoes a change of contact says in Polish. */
export default {
  "title": "To nie Ty?",
  "ask":
    "Ktoś nadał Twojemu członkostwu nowy e-mail lub numer telefonu. Jeśli to nie Ty, cofnij zmianę: Twój własny kontakt znów pozwoli się zalogować, nowy przestanie, a wszystkie urządzenia zostaną wylogowane.",
  "undo": "Cofnij zmianę i wyloguj wszędzie",
  "done":
    "Zmiana została cofnięta. Twój własny kontakt znów pozwala się zalogować, a wszystkie urządzenia są wylogowane. Jeśli masz więcej takich powiadomień, użyj linku z każdego z nich.",
  "signin": "Zaloguj się",
  "bad": "Ten link jest niepełny. Otwórz go ponownie z wiadomości.",
  "fault.network": "Brak odpowiedzi. Sprawdź sieć i spróbuj ponownie.",
  "fault.later": "Nie udało się. Odczekaj minutę i spróbuj ponownie.",
};
