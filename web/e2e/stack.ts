// A private Valkey and the server's binary, each test's own, in a folder that is gone afterwards.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const REPOSITORY = join(import.meta.dirname, "../..");
const BINARY = process.env["CHAAC_BINARY"] ?? join(REPOSITORY, "build/release/chaac");
const RESERVE_PORTS = join(REPOSITORY, "tests/lib/ports.py");
const START_MS_MAX = 30_000; // A start that takes longer has failed.

export interface Report {
  municipality: string;
  temperature?: number;
  humidity?: number;
  weather?: string;
}

export interface Stats {
  total_processed: number;
  counts_by_municipality: Record<string, number>;
  counts_by_weather: Record<string, number>;
  extremes: Record<"temperature" | "humidity", { min: number | null; max: number | null }>;
  timestamp: number;
}

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export async function until(condition: () => boolean | Promise<boolean>, what: string) {
  const deadline = Date.now() + START_MS_MAX;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(20);
  }
}

function program(...names: string[]): string {
  for (const name of names) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next name, then.
    }
  }
  throw new Error(`none of ${names.join(", ")} is installed: run script/bootstrap.`);
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = ["PORT", "REDIS_HOST", "REDIS_PORT", "VALKEY_URL"];
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !ours.includes(name) && !name.startsWith("CHAAC_"),
    ),
  );
}

/** A program whose output is in a file, and that can be started again. */
class Program {
  private readonly command: string[];
  private readonly log: string;
  private child: ChildProcess | undefined;

  constructor(command: string[], log: string) {
    this.command = command;
    this.log = log;
  }

  start(): void {
    const output = openSync(this.log, "a");
    // It dies with us, however we end.
    this.child = spawn("setpriv", ["--pdeathsig", "KILL", ...this.command], {
      stdio: ["ignore", output, output],
      env: cleanEnvironment(),
    });
  }

  requireRunning(): void {
    if (this.child?.exitCode === null && this.child.signalCode === null) return;
    throw new Error(
      `${this.command[0]} has ended:\n${readFileSync(this.log, "utf8").slice(-2000)}`,
    );
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** Ports that nobody else is given before release(), also while nothing listens on them. */
class ReservedPorts {
  readonly numbers: number[];
  private readonly holder: ChildProcess;

  private constructor(numbers: number[], holder: ChildProcess) {
    this.numbers = numbers;
    this.holder = holder;
  }

  // Node cannot bind a socket without listening on it, so what the other tests use holds them. It
  // ends with us.
  static async reserve(count: number): Promise<ReservedPorts> {
    const holder = spawn("/usr/bin/python3", [RESERVE_PORTS, String(count)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const numbers: number[] = [];
    for await (const line of createInterface({ input: holder.stdout })) {
      numbers.push(Number(line));
      if (numbers.length === count) return new ReservedPorts(numbers, holder);
    }
    throw new Error(`${RESERVE_PORTS} reserved no ports`);
  }

  release(): void {
    this.holder.kill("SIGKILL");
  }
}

export class Stack {
  readonly folder: string;
  readonly port: number;
  private readonly ports: ReservedPorts;
  private readonly valkey: Program;
  private readonly server: Program;
  private readonly socket: string;

  private constructor(
    folder: string,
    ports: ReservedPorts,
    valkey: Program,
    server: Program,
    socket: string,
  ) {
    this.folder = folder;
    this.ports = ports;
    this.port = ports.numbers[0] ?? 0;
    this.valkey = valkey;
    this.server = server;
    this.socket = socket;
  }

  static async start(...flags: string[]): Promise<Stack> {
    const folder = mkdtempSync(join(tmpdir(), "chaac-"));
    const socket = join(folder, "v.sock");
    const ports = await ReservedPorts.reserve(2);
    const [port, adminPort] = ports.numbers;
    const valkey = new Program(
      [
        program("valkey-server", "redis-server"),
        ...["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""],
        ...["--appendonly", "yes", "--maxmemory-policy", "noeviction"],
      ],
      join(folder, "valkey.log"),
    );
    const server = new Program(
      [
        ...[BINARY, "serve", "--listen-host", "127.0.0.1", "--port", String(port)],
        ...["--admin-host", "127.0.0.1", "--admin-port", String(adminPort)],
        ...["--valkey-url", `unix://${socket}`, ...flags],
      ],
      join(folder, "server.log"),
    );
    const stack = new Stack(folder, ports, valkey, server, socket);
    try {
      await stack.startValkey();
      await stack.startServer();
    } catch (error) {
      await stack.end();
      throw error;
    }
    return stack;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async startValkey(): Promise<void> {
    this.valkey.start();
    await until(() => {
      this.valkey.requireRunning();
      try {
        return this.command("PING") === "PONG";
      } catch {
        return false;
      }
    }, "Valkey answers");
  }

  async startServer(): Promise<void> {
    this.server.start();
    await until(async () => {
      this.server.requireRunning();
      return fetch(`${this.url}/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    }, "the server is ready");
  }

  stopServer = (): Promise<void> => this.server.stop("SIGTERM");
  killServer = (): Promise<void> => this.server.stop("SIGKILL");
  stopValkey = (): Promise<void> => this.valkey.stop("SIGKILL");

  /** A command to Valkey, for what no request can bring about. */
  command(...words: string[]): string {
    const client = program("valkey-cli", "redis-cli");
    return execFileSync(client, ["-s", this.socket, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  }

  async send(...reports: Report[]): Promise<void> {
    const response = await fetch(`${this.url}/api/weather`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: reports.map((report) => JSON.stringify(report)).join("\n"),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }

  async stats(): Promise<Stats> {
    return (await fetch(`${this.url}/stats`)).json() as Promise<Stats>;
  }

  async end(): Promise<void> {
    await this.stopServer();
    await this.stopValkey();
    this.ports.release();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const CONDITIONS = ["sunny", "cloudy", "rainy", "foggy"];

export function randomReport(municipality: string): Report {
  return {
    municipality,
    temperature: Math.round(150 + Math.random() * 200) / 10,
    humidity: Math.round(300 + Math.random() * 600) / 10,
    weather: CONDITIONS[Math.floor(Math.random() * CONDITIONS.length)] ?? "sunny",
  };
}

/** The slugs that the server knows. */
export async function catalogue(stack: Stack): Promise<string[]> {
  const response = await fetch(`${stack.url}/api/municipalities?all=true`);
  return ((await response.json()) as { slug: string }[]).map(({ slug }) => slug);
}

/** Sends reports of these municipalities, in batches, until it is stopped. */
export class Load {
  sent = 0;
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(stack: Stack, municipalities: readonly string[], batch: number, pauseMs: number) {
    this.done = this.run(stack, municipalities, batch, pauseMs);
  }

  private async run(
    stack: Stack,
    municipalities: readonly string[],
    batch: number,
    pauseMs: number,
  ): Promise<void> {
    while (!this.stopped) {
      const reports = Array.from({ length: batch }, (_, index) =>
        randomReport(municipalities[(this.sent + index) % municipalities.length] ?? "mixco"),
      );
      await stack.send(...reports);
      this.sent += reports.length;
      await pause(pauseMs);
    }
  }

  stop(): Promise<void> {
    this.stopped = true;
    return this.done;
  }
}
