/* What the page that undoes a change of contact says in English. */
export default {
  "title": "Was it not you?",
  "ask":
    "Somebody gave your membership a new e-mail address or phone number. If it was not you, undo it: your own contact signs in again, the new one no longer does, and every device is signed out.",
  "undo": "Undo the change and sign out everywhere",
  "done":
    "Undone. Your own contact signs in again, and every device is signed out. If you got more such notices, use the link in each of them.",
  "signin": "Sign in",
  "bad": "This link is not whole. Open it from the message again.",
  "fault.network": "No answer. Check your network and try again.",
  "fault.later": "That did not work. Wait a minute and try again.",
};
