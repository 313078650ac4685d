// An OpenID provider (npm's oidc-provider) whose people are in a file that is read each time. Anyone who types a name of
// the file is that person. usage: node provider.mjs FOLDER ISSUER CALLBACK
import fs from "node:fs";
import https from "node:https";
import * as oidc from "oidc-provider";

const [folder, issuer, callback] = process.argv.slice(2);
const read = (name) => fs.readFileSync(`${folder}/${name}`, "utf8");
const provider = new oidc.Provider(issuer, {
  clients: [{
    client_id: "hub", client_secret: read("secret").trim(), redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
  }],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  scopes: ["openid", "profile", "groups"],
  findAccount: (_, id) => {
    const person = JSON.parse(read("people.json"))[id];
    return person && { accountId: id, claims: () => ({ sub: id, ...person }) };
  },
  cookies: { keys: ["of a test"] },
  issueRefreshToken: () => true,
  ttl: { AccessToken: 2 },
});
const files = { key: read("server.key"), cert: read("server.pem") };
https.createServer(files, provider.callback()).listen(new URL(issuer).port);
