// The console's few lines in the browser: the colour scheme follows the system, and an ended session says so.
(() => {
  const SIGN_IN = "/sign-in?next=/console";
  if (!localStorage.getItem("vite-ui-theme")) localStorage.setItem("vite-ui-theme", "system");

  const sayOver = () => {
    if (document.getElementById("qm-over")) return;
    const note = document.createElement("div");
    note.id = "qm-over";
    note.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.href = SIGN_IN;
    link.textContent = "Sign in again";
    note.append("Your session is over, so nothing was done. ", link);
    document.body.append(note);
  };

  // Whoever asked is left waiting: the page stays as it is, with what was written in it.
  const ask = window.fetch;
  window.fetch = async (...request) => {
    const answer = await ask(...request);
    if (answer.status !== 401 || !new URL(answer.url).pathname.startsWith("/console/")) return answer;
    sayOver();
    return new Promise(() => {});
  };

  // There is one page to sign in, and it is not a view of this application.
  const leave = (address) => {
    if (address && new URL(address, location.href).pathname === "/console/login") location.replace(SIGN_IN);
  };
  for (const move of ["pushState", "replaceState"]) {
    const go = history[move].bind(history);
    history[move] = (state, title, address) => {
      leave(address);
      go(state, title, address);
    };
  }
})();
