// Shows what the administrator announces (`hubinstall announce`) to people who are in JupyterLab already, what a memory
// limit has ended (hubinstall_memory.py), and that a home is full (hubinstall_home.py): events of their own server.
//
// A prebuilt extension of JupyterLab (jupyterlab.readthedocs.io, "Prebuilt Extensions"), written by hand: it needs no
// package of JupyterLab, and so no build. The hub answers without a login, and is asked without cookies: otherwise a
// page that is only open would count as a person at work.
"use strict";
(() => {
  const NAME = "hubinstall-announcements";
  const EVERY = 60 * 1000;
  const MEMORY = "urn:hubinstall:memory";
  const HOME = "urn:hubinstall:home";
  const CLOSED = `${NAME}:closed`;

  // With a name of its own for each server, the hub has another one.
  function hub() {
    const config = document.getElementById("jupyter-config-data");
    const { hubHost = "", hubPrefix = "" } = config ? JSON.parse(config.textContent) : {};
    return hubPrefix && `${hubHost}${hubPrefix}`;
  }

  function closed() {
    return JSON.parse(sessionStorage.getItem(CLOSED) || "[]");
  }

  function note(text) {
    const box = document.createElement("div");
    const words = document.createElement("div");
    const close = document.createElement("button");
    box.className = NAME;
    box.setAttribute("role", "status");
    Object.assign(box.style, {
      display: "flex", gap: "1em", alignItems: "start", padding: "0.6em 1em", marginTop: "0.5em",
      color: "var(--jp-ui-font-color1)", background: "var(--jp-layout-color1)", font: "var(--jp-ui-font-size1) var(--jp-ui-font-family)",
      borderLeft: "4px solid var(--jp-warn-color1)", boxShadow: "var(--jp-elevation-z4)",
    });
    words.textContent = text;
    Object.assign(words.style, { whiteSpace: "pre-line", overflowWrap: "anywhere", maxHeight: "40vh", overflow: "auto" });
    close.textContent = "Close";
    close.addEventListener("click", () => {
      sessionStorage.setItem(CLOSED, JSON.stringify([...closed(), text]));
      box.remove();
    });
    box.append(words, close);
    return box;
  }

  function show(texts) {
    let place = document.getElementById(NAME);
    if (!place) {
      place = document.createElement("div");
      place.id = NAME;
      Object.assign(place.style, {
        position: "fixed", right: "1em", bottom: "2.5em", maxWidth: "min(30em, calc(100vw - 2em))",
        zIndex: "10001", // above the dialog that says that a kernel appears to have died
      });
      document.body.append(place);
    }
    place.replaceChildren(...texts.filter((text) => !closed().includes(text)).map(note));
  }

  let shown = "[]";
  let announced = [];
  let home = "";
  const happened = [];

  function showAll() {
    show([...announced, ...(home ? [home] : []), ...happened]);
  }

  async function ask(address) {
    if (document.hidden) {
      return;
    }
    try {
      const answer = await fetch(address, { credentials: "omit", cache: "no-store" });
      const texts = (await answer.json()).announcements;
      if (answer.ok && JSON.stringify(texts) !== shown) {
        announced = texts;
        shown = JSON.stringify(texts);
        showAll();
      }
    } catch {
      // The hub may be restarting; the next time it answers again.
    }
  }

  function hear(_, event) {
    if (event.schema_id === MEMORY) {
      happened.push(`${new Date().toLocaleTimeString()} ${event.text}`);
      showAll();
    } else if (event.schema_id === HOME && event.text !== home) {
      home = event.text;
      showAll();
    }
  }

  function activate(app) {
    app.serviceManager.events.stream.connect(hear);
    const prefix = hub();
    if (prefix) {
      const address = `${prefix}api/announcements`;
      ask(address);
      setInterval(() => ask(address), EVERY);
      document.addEventListener("visibilitychange", () => ask(address));
    }
  }

  const plugin = { id: `${NAME}:plugin`, autoStart: true, activate };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: () => {},
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
