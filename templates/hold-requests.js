// Loaded into configurable-http-proxy before it starts (node --require): while the hub restarts, requests for it wait
// instead of being answered with 503. What had reached the hub when it went is asked again only where that is safe.
"use strict";

const net = require("node:net");
const { createRequire } = require("node:module");
const { setTimeout: sleep } = require("node:timers/promises");
const { ConfigurableProxy } = createRequire(process.argv[1])("../lib/configproxy.js");

const HOLD = 30000; // ms from when the hub went: a restart takes a few seconds
const LOOK = 50; // ms between two looks whether it listens again, while requests wait
const REST = 1000; // the same later
const MOST = 1000; // requests held at once; further ones are answered
const AGAIN = 5; // times that one request is asked again
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]); // RFC 9110, 9.2.1
const AWAY = new Set(["ECONNREFUSED", "ECONNRESET"]);

let back = null; // while the hub is away: resolves when it listens again
let since = 0;
let held = 0;

function listens({ hostname, port }) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(REST, () => end(false));
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

async function waitFor(hub) {
  while (!(await listens(hub))) await sleep(Date.now() - since < HOLD ? LOOK : REST);
  back = null;
}

// Waits with all others until the hub is back; false when it has been away for too long, or too many wait.
async function hold() {
  const left = since + HOLD - Date.now();
  if (!back || left <= 0 || held >= MOST) return !back;
  held += 1;
  await Promise.race([back, sleep(left, null, { ref: false })]);
  held -= 1;
  return !back;
}

const { handleProxyWeb, handleProxyError } = ConfigurableProxy.prototype;

// The hub, where a request is for it and not for somebody's server.
async function hubOf(proxy, req) {
  try {
    const hub = new URL(proxy.errorTarget);
    const match = await proxy.targetForReq(req);
    return match && new URL(match.target).host === hub.host ? hub : null;
  } catch {
    return null; // as without this file: the proxy itself says what is wrong
  }
}

ConfigurableProxy.prototype.handleProxyWeb = async function (req, res) {
  if (back && (await hubOf(this, req))) await hold();
  if (!res.destroyed) await handleProxyWeb.call(this, req, res);
};

ConfigurableProxy.prototype.handleProxyError = async function (code, kind, req, res, error) {
  const hub = kind === "web" && error && AWAY.has(error.code) ? await hubOf(this, req) : null;
  if (hub) {
    if (!back) {
      since = Date.now();
      back = waitFor(hub);
    }
    req.askedAgain = (req.askedAgain ?? 0) + 1;
    if (SAFE.has(req.method) && !res.headersSent && req.askedAgain <= AGAIN && (await hold()) && !res.destroyed) {
      await handleProxyWeb.call(this, req, res);
      return;
    }
  }
  handleProxyError.call(this, code, kind, req, res, error);
};
