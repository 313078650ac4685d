// A page of JupyterLab that is open goes on when its server was stopped, ended or started again: what somebody has typed
// is in the page, and a room's documents (jupyter-collaboration) send it as soon as there is a connection.
//
// JupyterLab's own dialog lies above the notebook, and starts the visitor's own server, whosever page it is. Here a note
// beside the notebook says what is wrong, and starts the server of the page. A server that was started again knows no
// cookie of before: the page gets a new one of the hub, without a question if the login there still holds.
//
// Written by hand as hubinstall-announcements is, whose notes it uses.
"use strict";
(() => {
  const NAME = "hubinstall-connection";
  const EVERY = 5 * 1000;
  const SELDOM = 30 * 1000; // where a login is missing; and as soon as the page is looked at again
  const COOKIES = { credentials: "include", cache: "no-store" };
  const KEPT = "What you have typed stays in this page: leave it open.";

  let shared = {};

  function hub() {
    const config = document.getElementById("jupyter-config-data");
    const { hubHost = "", hubPrefix = "" } = config ? JSON.parse(config.textContent) : {};
    return hubPrefix && `${hubHost}${hubPrefix}`;
  }

  // Where the hub starts the server of the page, and leads to it.
  function starts(base) {
    const path = new URL(base).pathname;
    const owner = path.slice(path.indexOf("/user/") + "/user/".length).replace(/\/$/, "");
    return `${hub()}spawn/${owner}?next=${encodeURIComponent(`${path}lab`)}`;
  }

  class Connection {
    constructor(app) {
      const { serverSettings } = app.serviceManager;
      this.app = app;
      this.base = serverSettings.baseUrl;
      this.fetch = serverSettings.fetch;
      this.lost = false;
      serverSettings.fetch = (...request) => this.heard(request);
      document.addEventListener("visibilitychange", () => this.lost && this.look());
    }

    // JupyterLab asks for its lists every ten seconds: their answers say how the server is.
    async heard(request) {
      try {
        const answer = await this.fetch.call(null, ...request);
        // The hub answers under its own address for a server that does not run.
        if ([401, 403, 424, 503].includes(answer.status) && String(request[0].url).startsWith(this.base)) {
          this.doubt();
        }
        return answer;
      } catch (error) {
        this.doubt();
        throw error;
      }
    }

    doubt() {
      if (!this.lost) {
        this.lost = true;
        this.look();
      }
    }

    // The HTTP status of the server's answer who the visitor is; 0: nobody answered.
    async status() {
      // Without it no cookie counts.
      const headers = { "X-XSRFToken": /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? "" };
      try {
        return (await this.fetch.call(null, `${this.base}api/me`, { ...COOKIES, headers })).status;
      } catch {
        return 0;
      }
    }

    // Through the hub and back, as a page does that is opened: at its end the browser has the cookie. The hub may have
    // another name, so that the answer cannot be read.
    async renew() {
      await fetch(`${this.base}lab`, { ...COOKIES, mode: "no-cors" }).catch(() => {});
    }

    // Again and again until the server answers.
    async look() {
      clearTimeout(this.timer);
      let status = await this.status();
      if ([401, 403].includes(status)) {
        await this.renew();
        status = await this.status();
      }
      if (!this.lost) {
        return; // another look was faster
      }
      if (status === 200) {
        this.back();
        return;
      }
      this.say(status);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), [401, 403].includes(status) ? SELDOM : EVERY);
    }

    say(status) {
      if ([401, 403].includes(status)) {
        this.note("You are no longer logged in here.", { says: "Log in", does: () => this.open(`${this.base}lab`) });
      } else if ([424, 503].includes(status)) {
        this.note("This server is not running.", { says: "Start it", does: () => this.open(starts(this.base)) });
      } else {
        this.note("The server cannot be reached.", null);
      }
    }

    open(address) {
      window.open(address, "_blank");
      this.said = ""; // a pressed button takes its note away
    }

    note(words, answer) {
      if (words !== this.said) {
        const detail = { text: `${words} ${KEPT}`, answer };
        document.dispatchEvent(new CustomEvent(NAME, { detail: words ? detail : null }));
        this.said = words;
      }
    }

    back() {
      this.lost = false;
      this.note("", null);
      const { kernels, sessions, terminals } = this.app.serviceManager;
      for (const list of [kernels, sessions, terminals]) {
        list.refreshRunning().catch(() => {}); // JupyterLab itself may wait for minutes
      }
    }
  }

  // What JupyterLab calls when one of its lists gets no answer; its own dialog is disabled in package.json.
  function activate(app) {
    const connection = hub() ? new Connection(app) : null;
    return async () => connection?.doubt();
  }

  async function plugin() {
    const [application] = Object.values(shared["@jupyterlab/application"]);
    const { IConnectionLost } = (await application.get())();
    return { id: `${NAME}:plugin`, autoStart: true, provides: IConnectionLost, activate };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
