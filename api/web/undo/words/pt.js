/* What the page that undoes a change of contact says in Portuguese. */
export default {
  "title": "Não foi você?",
  "ask":
    "Alguém deu à sua adesão um novo e-mail ou telefone. Se não foi você, desfaça a alteração: o seu próprio contacto volta a dar acesso, o novo deixa de dar, e todos os dispositivos ficam sem sessão.",
  "undo": "Desfazer a alteração e terminar todas as sessões",
  "done":
    "Está desfeito. O seu próprio contacto volta a dar acesso, e todos os dispositivos ficaram sem sessão. Se recebeu mais avisos destes, use a ligação de cada um.",
  "signin": "Entrar",
  "bad": "Esta ligação não está completa. Abra-a de novo a partir da mensagem.",
  "fault.network": "Sem resposta. Verifique a rede e tente de novo.",
  "fault.later": "Não foi possível. Aguarde um minuto e tente de novo.",
};
