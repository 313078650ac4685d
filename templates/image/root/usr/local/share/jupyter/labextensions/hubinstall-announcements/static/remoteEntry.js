// Shows what the administrator announces (`hubinstall announce`) to people who are in JupyterLab already, what a memory
// limit has ended (hubinstall_memory.py), that a home is full (hubinstall_home.py), and that the server is stopped soon
// because nobody uses it (hubinstall_idle.py): events of their own server. And that the server does not answer, which
// hubinstall-connection notices.
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
  const IDLE = "urn:hubinstall:idle";
  const KEEP = "urn:hubinstall:keep";
  const CONNECTION = "hubinstall-connection";
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

  // `answer`: what its button says, and does; else it is closed for good.
  function note(text, answer) {
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
    close.textContent = answer ? answer.says : "Close";
    close.style.whiteSpace = "nowrap";
    close.addEventListener("click", () => {
      if (answer) {
        answer.does();
      } else {
        sessionStorage.setItem(CLOSED, JSON.stringify([...closed(), text]));
      }
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
    const notes = texts.filter((text) => !closed().includes(text)).map((text) => note(text));
    place.replaceChildren(...notes, ...[stop, connection].filter(Boolean).map(({ text, answer }) => note(text, answer)));
  }

  let shown = "[]";
  let announced = [];
  let home = "";
  let stop = null;
  let connection = null;
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

  function stops(app, { stops_in, can_wait }) {
    if (stops_in === null) {
      stop = null;
      return;
    }
    const at = new Date(Date.now() + stops_in * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const lost = "Files are kept; what kernels have in memory is lost.";
    if (can_wait) {
      const keep = () => {
        stop = null;
        app.serviceManager.events.emit({ schema_id: KEEP, version: "1", data: {} });
      };
      stop = { text: `Nobody has used this server for a while: it stops at ${at}. ${lost}`, answer: { says: "Keep it", does: keep } };
    } else {
      stop = { text: `This server has run as long as one may: it stops at ${at}. ${lost}`, answer: null };
    }
  }

  function hear(app, event) {
    if (event.schema_id === MEMORY) {
      happened.push(`${new Date().toLocaleTimeString()} ${event.text}`);
      showAll();
    } else if (event.schema_id === HOME && event.text !== home) {
      home = event.text;
      showAll();
    } else if (event.schema_id === IDLE) {
      stops(app, event);
      showAll();
    }
  }

  function activate(app) {
    app.serviceManager.events.stream.connect((_, event) => hear(app, event));
    document.addEventListener(CONNECTION, (event) => {
      connection = event.detail;
      stop = connection ? null : stop; // it is stopped, or said again
      showAll();
    });
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
