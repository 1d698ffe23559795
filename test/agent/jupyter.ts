import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './agent.ts';

/** This machine has no Jupyter server, or no Python kernel for it. */
export class NoJupyter extends Error {
  override name = 'NoJupyter';
  constructor() {
    super(
      'The agent is tried beside a real Jupyter server with a Python kernel, which this machine lacks: ' +
        'apt-get install -y --no-install-recommends jupyter-server python3-ipykernel',
    );
  }
}

/** The real Jupyter server of this machine. @throws NoJupyter where there is none: these tests are never skipped. */
async function findJupyter(): Promise<string> {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  for (const path of [process.env.CURFEW_TEST_JUPYTER, ...folders.map((folder) => join(folder, 'jupyter-server'))]) {
    if (path === undefined) continue;
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new NoJupyter();
}

/** What Jupyter says of a kernel. */
interface Kernel {
  execution_state: string;
  last_activity: string;
  connections: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A real Jupyter server, as the image of a JupyterLab app starts it, on a port of its own; not started yet. */
export async function prepareJupyter(folder: string) {
  const command = await findJupyter();
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  const url = `http://127.0.0.1:${port}/jupyterlab/default/`;
  let child: ReturnType<typeof spawn> | undefined;

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const api = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const answer = await fetch(`${url}api/${path}`, init);
    if (!answer.ok) throw new Error(`${path} answers ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const kernelOf = (id: string) => api<Kernel>(`kernels/${id}`);
  const connect = async (path: string) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`cannot connect to ${path}`));
    });
    return socket;
  };
  const close = async (socket: WebSocket) => {
    const closed = new Promise((resolve) => {
      socket.onclose = resolve;
    });
    socket.close();
    await closed;
  };

  const request = (socket: WebSocket, type: string, content: unknown) => {
    const header = { msg_id: randomUUID(), username: 'ada', session: randomUUID(), msg_type: type, version: '5.3' };
    socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell', buffers: [] }));
  };
  /**
   * Opens a notebook's connection to a kernel. A server greets a kernel on each: until that is over it may miss what a
   * young kernel answers, and take the end of its own greeting for the end of a cell.
   */
  const openNotebook = async (id: string) => {
    const socket = await connect(`api/kernels/${id}/channels`);
    let hasAnswered = false;
    socket.onmessage = ({ data }) => (hasAnswered ||= JSON.parse(String(data)).msg_type === 'kernel_info_reply');
    await until(
      'the kernel to answer',
      async () => {
        request(socket, 'kernel_info_request', {});
        await sleep(300);
        return hasAnswered && (await kernelOf(id)).execution_state === 'idle';
      },
      30_000,
    );
    return socket;
  };

  return {
    url,
    api,
    connect,
    close,
    async start() {
      if (isRunning()) return;
      const args = ['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`];
      const server = [
        'port_retries=0',
        'base_url=/jupyterlab/default',
        'token=',
        'password=',
        'disable_check_xsrf=True',
      ];
      // Kernels on sockets of their own: ports may be taken between their choice and their use.
      const kernels = '--KernelManager.transport=ipc';
      child = spawn(command, [...args, kernels, ...server.map((setting) => `--ServerApp.${setting}`)], {
        cwd: folder,
        // A clock that is not UTC: Jupyter's times must be all the same.
        env: {
          PATH: '/usr/bin:/bin',
          HOME: folder,
          SHELL: '/bin/bash',
          TZ: 'America/New_York',
          JUPYTER_RUNTIME_DIR: folder,
        },
        stdio: 'ignore',
      });
      await until(
        'Jupyter to start',
        () =>
          api('status').then(
            () => true,
            () => false,
          ),
        30_000,
      );
      const { kernelspecs } = await api<{ kernelspecs: object }>('kernelspecs?no_track_activity=1');
      if (!('python3' in kernelspecs)) throw new NoJupyter();
    },
    /** Ends the server and, with it, its kernels and terminals. */
    async stop() {
      if (!isRunning()) return;
      const gone = once(child!, 'exit');
      child!.kill();
      await gone;
    },
    /** Starts a kernel and waits, as a notebook does, until it is idle. */
    async startKernel(): Promise<string> {
      const { id } = await api<{ id: string }>('kernels', { method: 'POST', body: '{"name":"python3"}' });
      await close(await openNotebook(id));
      return id;
    },
    /** Runs code in a kernel, and closes the browser once it runs. */
    async execute(id: string, code: string) {
      const socket = await openNotebook(id);
      const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
      request(socket, 'execute_request', content);
      await until('the kernel to be busy', async () => (await kernelOf(id)).execution_state === 'busy');
      await close(socket);
    },
    kernel: kernelOf,
    /** Closes every kernel and terminal. */
    async clear() {
      for (const kind of ['kernels', 'terminals']) {
        const open = await api<{ id?: string; name: string }[]>(kind);
        await Promise.all(open.map(({ id, name }) => fetch(`${url}api/${kind}/${id ?? name}`, { method: 'DELETE' })));
      }
    },
  };
}
