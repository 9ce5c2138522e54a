/* What the page of members' words says in Polish. */
export default {
  "voices.comments": "Komentarze z ankiet",
  "voices.nicknames": "Pseudonimy",
  "comments.hint": "Co klubowicze napisali obok oceny, od najnowszych. Nie wchodzi do żadnych liczb.",
  "comments.nosurvey": "Program nie ma jeszcze ankiet: dopisz je w pliku.",
  "comments.survey": "Ankieta",
  "comments.lowest": "Ocena od",
  "comments.highest": "Ocena do",
  "comments.none": "Przy tych ocenach nikt jeszcze nic nie napisał.",
  "comments.score": "Ocena {score}",
  "nicknames.hint":
    "Pierwsze miejsca każdego rankingu, tak jak widzą je wszyscy. Usuń to, co obraża albo kogoś wskazuje: miejsce zostaje, a klubowicz się o tym dowie i wybierze inny.",
  "nicknames.noboard": "Program nie ma jeszcze rankingów: dopisz je w pliku.",
  "nicknames.board": "Ranking",
  "nicknames.rank": "Miejsce",
  "nicknames.nickname": "Pseudonim",
  "nicknames.number": "Numer klubowicza",
  "nicknames.empty": "usunięty",
  "nicknames.nobody": "W tym rankingu nikogo jeszcze nie ma.",
  "nicknames.take": "Usuń",
  "nicknames.take.hint": "Znika od razu ze wszystkich rankingów i nie można go wybrać ponownie.",
  "nicknames.taken": "Usunięto „{nickname}”.",
  "nicknames.instead": "Wstaw zamiast niego (opcjonalnie)",
  "nicknames.instead.hint":
    "Gdy zostanie puste, miejsce nie ma nazwy, póki klubowicz nie wybierze nowego pseudonimu.",
  "nicknames.bad": "To nie jest pseudonim: od 2 do 24 liter, bez kontaktu i bez odnośnika.",
};
