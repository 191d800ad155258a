import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const root = resolve(import.meta.dirname, "../..");
/** How long anything that is awaited may take on a machine that does other things too, in seconds. */
export const PATIENCE_S = 120;
/** How long a program may take to end before it is killed. */
const EXIT_S = 15;

const binary = resolve(root, process.env.IZINLI_BIN ?? "target/debug/izinli");

/**
 * Starts the real server with its demonstration data and waits until its main
 * job is done. Answers where it listens, who may log in, and how to stop it.
 */
export async function startDemo({ contacts, deadlineSeconds }) {
  const place = mkdtempSync(join(tmpdir(), "izinli-e2e-"));
  const readyFile = join(place, "ready.json");
  const args = ["demo", "--contacts", String(contacts), "--port", "0", "--ready-file", readyFile];
  const running = start(args, process.env);
  const stop = async () => {
    await running.stop();
    rmSync(place, { recursive: true, force: true });
  };
  try {
    return { ...(await readiness(running, readyFile, deadlineSeconds)), stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/**
 * Starts the real server the way the README says, on an empty database: a firm
 * that practises, its owner, nothing else; and beside it the simulators of İYS
 * and of a provider. `serve` starts the server anew on the same database with
 * other settings.
 */
export async function startEmpty({ firm, owner, clockStart }) {
  const place = mkdtempSync(join(tmpdir(), "izinli-e2e-"));
  const children = [];
  const stop = async () => {
    for (const child of children.reverse()) await child.stop();
    rmSync(place, { recursive: true, force: true });
  };
  try {
    const simulator = async (kind) => {
      const child = start(["simulate", kind, "--port", "0", "--clock-start", clockStart], process.env, "pipe");
      children.push(child);
      return new URL(JSON.parse(await child.firstLine()).url).origin;
    };
    const iys = await simulator("iys");
    const other = await simulator("iys");
    const provider = await simulator("jetsms");
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
      ...process.env,
      IZINLI_CLOCK_START: clockStart,
      IZINLI_OWNER_PASSWORD: owner.password,
      IZINLI__DATABASE__URL: `sqlite:${join(place, "izinli.db")}`,
      IZINLI__KEYS__FILE: join(place, "key"),
      IZINLI__UPLOADS__FOLDER: join(place, "uploads"),
      IZINLI__SERVER__LISTEN: `127.0.0.1:${port}`,
      IZINLI__SERVER__PUBLIC_URL: url,
      IZINLI__SERVER__SECURE_COOKIES: "false",
      IZINLI__LOG__LEVEL: "warn,sqlx=error",
      // The second stands in for the real İYS: firms reach it only after going live.
      IZINLI__REGISTRY__BASE_URL: other,
      IZINLI__REGISTRY__PRACTICE_URL: iys,
      IZINLI__REGISTRY__POLL_AFTER_SECONDS: "[1, 2, 5]",
      IZINLI__REGISTRY__POLL_MS: "100",
      IZINLI__PRACTICE__SIMULATORS: JSON.stringify([provider]),
    };
    const command = (...args) =>
      execFileSync(binary, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] }).toString();
    command("firm", "create", "--name", firm, "--practice");
    command(
      ...["user", "create", "--firm", firm, "--email", owner.email, "--name", owner.name, "--role", "owner"],
      ...["--password-env", "IZINLI_OWNER_PASSWORD"],
    );
    let server;
    const serve = async (more = {}) => {
      await server?.stop();
      const readyFile = join(place, "ready.json");
      rmSync(readyFile, { force: true });
      server = start(["serve", "--ready-file", readyFile], { ...env, ...more });
      children.push(server);
      return readiness(server, readyFile, 60);
    };
    await serve();
    return { url, iys, other, provider, ...owner, serve, stop, command, place };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** Runs the binary as on a machine that has nothing but it; answers what it says and how it ended. */
export function alone(folder, ...args) {
  const ended = spawnSync(binary, args, { cwd: folder, env: {}, encoding: "utf8" });
  return { said: ended.stdout, code: ended.status };
}

/** The binary with these arguments as a process group of its own, so that stopping reaches whatever it started. */
function start(args, env, output = "inherit") {
  const child = spawn(binary, args, { cwd: root, env, detached: true, stdio: ["ignore", output, "inherit"] });
  let ended;
  child.once("error", (cause) => {
    ended = `could not be started: ${cause.message}`;
  });
  child.once("exit", (code, signal) => {
    ended ??= `ended by itself (${signal ?? `exit code ${code}`})`;
  });
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // Already gone.
    }
  };
  const killAtOnce = () => child.pid && signal("SIGKILL");
  process.once("exit", killAtOnce);
  return {
    ended: () => ended,
    stop: async () => {
      if (child.pid && ended === undefined) {
        signal("SIGTERM");
        await within(EXIT_S, () => ended !== undefined, "its end").catch(() => {});
      }
      if (child.pid) killAtOnce();
      process.off("exit", killAtOnce);
    },
    firstLine: async () => {
      let said = "";
      child.stdout.on("data", (part) => {
        said += part;
      });
      await until(() => said.includes("\n") || ended !== undefined, "the first line");
      return said.split("\n", 1)[0];
    },
  };
}

function readiness(running, readyFile, seconds) {
  const look = () => {
    const ended = running.ended();
    if (ended !== undefined) throw new Error(`${binary} ${ended}`);
    return readReady(readyFile);
  };
  return within(seconds, look, "being ready");
}

/** A port that nobody listens on: the address must be known before the server starts. */
function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** Asks `check` until it answers something true; what has not come true within {@link PATIENCE_S} never will. */
export function until(check, what) {
  return within(PATIENCE_S, check, what);
}

async function within(seconds, check, what) {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not come true within ${seconds} s`);
    await pause(100);
  }
}

function readReady(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Not there yet, or half written.
    return undefined;
  }
}
