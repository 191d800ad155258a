import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const root = resolve(import.meta.dirname, "../..");

/**
 * Starts the real server with its demonstration data and waits until its main
 * job is done. Answers where it listens, who may log in, and how to stop it.
 */
export async function startDemo({ contacts, deadlineSeconds }) {
  const binary = resolve(root, process.env.IZINLI_BIN ?? "target/debug/izinli");
  const place = mkdtempSync(join(tmpdir(), "izinli-e2e-"));
  const readyFile = join(place, "ready.json");
  const args = ["demo", "--contacts", String(contacts), "--port", "0", "--ready-file", readyFile];
  // A process group of its own, so that stopping reaches whatever the demo started.
  const child = spawn(binary, args, { cwd: root, detached: true, stdio: ["ignore", "inherit", "inherit"] });

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

  const stop = async () => {
    if (child.pid && ended === undefined) {
      signal("SIGTERM");
      await until(() => ended !== undefined, 15).catch(() => {});
    }
    if (child.pid) killAtOnce();
    process.off("exit", killAtOnce);
    rmSync(place, { recursive: true, force: true });
  };

  try {
    const ready = await until(() => {
      if (ended !== undefined) throw new Error(`${binary} ${ended}`);
      return readReady(readyFile);
    }, deadlineSeconds);
    return { ...ready, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** Asks `check` until it answers something true; fails after `seconds`. */
export async function until(check, seconds, what = "the condition") {
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
