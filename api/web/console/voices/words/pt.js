/* What the page of members' words says in Portuguese. */
export default {
  "voices.comments": "Comentários",
  "voices.nicknames": "Alcunhas",
  "comments.hint":
    "O que os sócios escreveram com a pontuação, do mais recente ao mais antigo. Não conta em nenhum número.",
  "comments.nosurvey": "O programa ainda não tem inquéritos: escreva-os no ficheiro.",
  "comments.survey": "Inquérito",
  "comments.lowest": "Pontuação de",
  "comments.highest": "Pontuação até",
  "comments.none": "Ainda ninguém escreveu nada com estas pontuações.",
  "comments.score": "Pontuação {score}",
  "nicknames.hint":
    "Os primeiros de cada classificação, como todos os sócios os veem. Retire o que ofende ou identifica alguém: o lugar fica, e o sócio é avisado e escolhe outra alcunha.",
  "nicknames.noboard": "O programa ainda não tem classificações: escreva-as no ficheiro.",
  "nicknames.board": "Classificação",
  "nicknames.rank": "Lugar",
  "nicknames.nickname": "Alcunha",
  "nicknames.number": "Número de sócio",
  "nicknames.empty": "retirada",
  "nicknames.nobody": "Ainda ninguém está nesta classificação.",
  "nicknames.take": "Retirar",
  "nicknames.take.hint": "Desaparece já de todas as classificações, e o sócio não a pode escolher de novo.",
  "nicknames.taken": "“{nickname}” foi retirada.",
  "nicknames.instead": "Pôr em vez dela (opcional)",
  "nicknames.instead.hint": "Se ficar vazio, o lugar não tem nome até o sócio escolher um.",
  "nicknames.bad": "Isto não é uma alcunha: 2 a 24 letras, sem contactos nem ligações.",
};
