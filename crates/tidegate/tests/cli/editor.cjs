// An editor without a screen: the protocol library of VS Code against the real server, one scenario in a run.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { pathToFileURL } = require('node:url');
const library = require('node:module').createRequire(path.join(process.env.LIBRARY, 'x.js'));
const lsp = library('vscode-languageserver-protocol/node');

const [scenario, binary] = process.argv.slice(2);
const folder = fs.realpathSync(process.cwd());
const uri = (name) => pathToFileURL(path.join(folder, name)).href;
const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

/** One editor with one server. */
class Editor {
  constructor(args = []) {
    this.child = spawn(binary, ['lsp', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    this.connection = lsp.createProtocolConnection(
      new lsp.StreamMessageReader(this.child.stdout), new lsp.StreamMessageWriter(this.child.stdin));
    this.published = new Map();
    this.waiting = [];
    this.registered = [];
    this.told = [];
    this.connection.onNotification(lsp.ShowMessageNotification.type, (params) => this.told.push(params.message));
    this.connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => {
      this.published.set(params.uri, params);
      this.waiting = this.waiting.filter((check) => !check());
    });
    this.connection.onRequest(lsp.RegistrationRequest.type, (params) => {
      this.registered.push(...params.registrations.map((r) => r.method));
    });
    this.connection.listen();
    this.texts = new Map();
  }

  async start({ folders = true, encodings = ['utf-16'], options, resolve = true, changes = true } = {}) {
    const answer = await this.connection.sendRequest(lsp.InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folders ? [{ uri: pathToFileURL(folder).href, name: 'project' }] : null,
      initializationOptions: options,
      capabilities: {
        general: { positionEncodings: encodings },
        workspace: {
          workspaceEdit: { documentChanges: changes, resourceOperations: ['create'] },
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
        textDocument: {
          publishDiagnostics: { relatedInformation: true, codeDescriptionSupport: true, versionSupport: true },
          hover: { contentFormat: ['markdown'] },
          codeAction: resolve ? { dataSupport: true, resolveSupport: { properties: ['edit'] } } : {},
        },
      },
    });
    await this.connection.sendNotification(lsp.InitializedNotification.type, {});
    return answer.capabilities;
  }

  async open(name, text = read(name)) {
    this.texts.set(name, { version: 1, text });
    await this.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
      textDocument: { uri: uri(name), languageId: 'yaml', version: 1, text },
    });
  }

  /** Replaces a part of an open text, as typing does. */
  async type(name, from, to) {
    const open = this.texts.get(name);
    const at = open.text.indexOf(from);
    assert.notEqual(at, -1, `no ${from} in ${name}`);
    const place = (offset) => {
      const lines = open.text.slice(0, offset).split('\n');
      return { line: lines.length - 1, character: lines.at(-1).length };
    };
    const range = { start: place(at), end: place(at + from.length) };
    open.text = open.text.slice(0, at) + to + open.text.slice(at + from.length);
    open.version += 1;
    await this.connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
      textDocument: { uri: uri(name), version: open.version },
      contentChanges: [{ range, text: to }],
    });
  }

  /** Diagnostics of the text as it is now, once they fit. */
  until(name, fits) {
    const check = (resolve) => () => {
      const params = this.published.get(uri(name));
      const version = this.texts.get(name)?.version;
      const good = params && (version === undefined || params.version === version) && fits(params.diagnostics);
      if (good) resolve(params.diagnostics);
      return good;
    };
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${name}: ${JSON.stringify(this.published.get(uri(name)), null, 1)}`));
      const timer = setTimeout(late, 60_000);
      const done = check((value) => { clearTimeout(timer); resolve(value); });
      if (!done()) this.waiting.push(done);
    });
  }

  actions(name, range, only) {
    return this.connection.sendRequest(lsp.CodeActionRequest.type, {
      textDocument: { uri: uri(name) }, range, context: { diagnostics: [], only },
    });
  }

  hover(name, position) {
    return this.connection.sendRequest(lsp.HoverRequest.type, { textDocument: { uri: uri(name) }, position });
  }

  /** Applies an edit to the open texts and tells the server, as an editor does. */
  async apply(edit) {
    const changes = edit.documentChanges
      ?? Object.entries(edit.changes).map(([u, edits]) => ({ textDocument: { uri: u }, edits }));
    for (const change of changes) {
      if (change.kind === 'create') continue;
      const name = path.relative(folder, new URL(change.textDocument.uri).pathname);
      const open = this.texts.get(name);
      const text = open?.text ?? (fs.existsSync(path.join(folder, name)) ? read(name) : '');
      const starts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)];
      const offset = (p) => starts[p.line] + p.character;
      const edits = [...change.edits].sort((a, b) => offset(b.range.start) - offset(a.range.start));
      const after = edits.reduce(
        (t, e) => t.slice(0, offset(e.range.start)) + e.newText + t.slice(offset(e.range.end)), text);
      if (open) {
        if (change.textDocument.version !== undefined) assert.equal(change.textDocument.version, open.version);
        await this.type(name, open.text, after);
      } else {
        await this.open(name, after);
      }
    }
  }

  async stop() {
    await this.connection.sendRequest(lsp.ShutdownRequest.type);
    await this.connection.sendNotification(lsp.ExitNotification.type);
    assert.equal(await this.ended, 0);
  }
}

const codes = (diagnostics) => diagnostics.map((d) => d.code);
const has = (code) => (diagnostics) => codes(diagnostics).includes(code);
const lacks = (code) => (diagnostics) => !codes(diagnostics).includes(code);
const URL_RULE = 'function-url-without-auth';
const QUEUE_RULE = 'queue-encryption-off';
const all = { options: { profile: ['all'] } };

const scenarios = {
  async typing(editor) {
    const capabilities = await editor.start();
    assert.equal(capabilities.textDocumentSync.change, lsp.TextDocumentSyncKind.Incremental);
    // Nothing is open yet, and still the project is looked at.
    await editor.until('url.yaml', has(URL_RULE));
    assert.deepEqual(editor.registered, ['workspace/didChangeWatchedFiles']);
    await editor.open('url.yaml');
    const [found] = (await editor.until('url.yaml', has(URL_RULE))).filter((d) => d.code === URL_RULE);
    assert.equal(found.severity, lsp.DiagnosticSeverity.Error);
    assert.equal(found.source, 'tidegate');
    assert.equal(found.range.start.line, found.range.end.line);
    const page = fs.readFileSync(new URL(found.codeDescription.href), 'utf8');
    assert.match(page, /^# /);
    assert.match(page, /`function-url-without-auth`/);
    await editor.type('url.yaml', 'AuthType: NONE', 'AuthType: AWS_IAM');
    await editor.until('url.yaml', lacks(URL_RULE));
    // Many changes at once: the last one counts.
    for (let n = 0; n < 50; n += 1) {
      await editor.type('url.yaml', 'AWS_IAM', 'NONE');
      await editor.type('url.yaml', 'NONE', 'AWS_IAM');
    }
    await editor.type('url.yaml', 'AWS_IAM', 'NONE');
    await editor.until('url.yaml', has(URL_RULE));
    // What is closed is again what lies on the disk.
    await editor.type('url.yaml', 'NONE', 'AWS_IAM');
    editor.texts.delete('url.yaml');
    await editor.connection.sendNotification(
      lsp.DidCloseTextDocumentNotification.type, { textDocument: { uri: uri('url.yaml') } });
    await editor.until('url.yaml', has(URL_RULE));
    fs.rmSync('url.yaml');
    await editor.connection.sendNotification(lsp.DidChangeWatchedFilesNotification.type, { changes: [] });
    await editor.until('url.yaml', (d) => d.length === 0);
  },

  async workspace(editor) {
    await editor.start();
    await editor.until('child.yaml', has(URL_RULE));
    await editor.open('parent.yaml');
    await editor.type('parent.yaml', 'NONE', 'AWS_IAM');
    await editor.until('child.yaml', lacks(URL_RULE));
    await editor.type('parent.yaml', 'AWS_IAM', 'NONE');
    await editor.until('child.yaml', has(URL_RULE));
  },

  async hover(editor) {
    await editor.start({ options: { profile: ['baseline', 'basline'] } });
    await editor.open('url.yaml');
    const [found] = (await editor.until('url.yaml', has(URL_RULE))).filter((d) => d.code === URL_RULE);
    const { contents, range } = await editor.hover('url.yaml', found.range.start);
    assert.equal(contents.kind, 'markdown');
    assert.match(contents.value, /What to do:/);
    assert.match(contents.value, /#### Why it matters/);
    assert.deepEqual(editor.told.map((text) => text.split(',')[0]), ['tidegate: there is no profile `basline`']);
    assert.deepEqual(range, found.range);
    assert.equal(await editor.hover('url.yaml', { line: 0, character: 0 }), null);
    // A question right behind a change is about the text behind it.
    await editor.type('url.yaml', 'Resources:', '# pushed down\nResources:');
    const below = { line: found.range.start.line + 1, character: found.range.start.character };
    assert.match((await editor.hover('url.yaml', below)).contents.value, /What to do:/);
    assert.equal(await editor.hover('url.yaml', found.range.start), null);
  },

  async mend(editor) {
    await editor.start(all);
    await editor.open('queue.yaml');
    const found = (await editor.until('queue.yaml', has(QUEUE_RULE))).filter((d) => d.code === QUEUE_RULE);
    assert.equal(found.length, 2);
    const fixes = await editor.actions('queue.yaml', found[0].range, ['quickfix']);
    const fix = fixes.find((a) => a.isPreferred && a.diagnostics[0].code === QUEUE_RULE);
    await editor.apply(fix.edit);
    const left = (await editor.until('queue.yaml', has(QUEUE_RULE))).filter((d) => d.code === QUEUE_RULE);
    assert.equal(left.length, 1);
    const everything = await editor.actions('queue.yaml', left[0].range, ['source.fixAll']);
    assert.deepEqual(everything.map((a) => [a.kind, a.edit]), [['source.fixAll.tidegate', undefined]]);
    const resolved = await editor.connection.sendRequest(lsp.CodeActionResolveRequest.type, everything[0]);
    await editor.apply(resolved.edit);
    const after = await editor.until('queue.yaml', lacks(QUEUE_RULE));
    assert.deepEqual(await editor.actions('queue.yaml', left[0].range, ['source.fixAll']), []);
    assert.match(editor.texts.get('queue.yaml').text, /^Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n/);
    assert.ok(after.every((d) => d.severity !== lsp.DiagnosticSeverity.Error));

    // An editor that can do less gets the same.
    const plain = new Editor();
    await plain.start({ ...all, resolve: false, changes: false });
    await plain.open('queue.yaml');
    await plain.until('queue.yaml', has(QUEUE_RULE));
    const menu = await plain.actions('queue.yaml', found[0].range);
    assert.ok(menu.length > 0 && menu.every((a) => a.edit.changes));
    const [eager] = await plain.actions('queue.yaml', found[0].range, ['source.fixAll.tidegate']);
    await plain.apply(eager.edit);
    await plain.until('queue.yaml', lacks(QUEUE_RULE));
    assert.equal(plain.texts.get('queue.yaml').text, editor.texts.get('queue.yaml').text);
    await plain.stop();
  },

  async accept(editor) {
    await editor.start();
    await editor.open('queue.yaml');
    const accept = async (name) => {
      const count = (diagnostics) => diagnostics.filter((d) => d.code === QUEUE_RULE).length;
      const found = (await editor.until(name, has(QUEUE_RULE))).filter((d) => d.code === QUEUE_RULE);
      const menu = await editor.actions(name, found[0].range, ['quickfix']);
      const action = menu.find((a) => a.title.startsWith(`Accept \`${QUEUE_RULE}\``));
      assert.ok(action, JSON.stringify(menu));
      await editor.apply(action.edit);
      return editor.until(name, (d) => count(d) === found.length - 1);
    };
    const left = await accept('queue.yaml');
    // Without a reason it isn't finished, and it says so.
    assert.ok(left.some((d) => d.severity === lsp.DiagnosticSeverity.Warning && /no reason/.test(d.message)));
    await editor.type('queue.yaml', 'reason=""', 'reason="only test data"');
    await editor.until('queue.yaml', (d) => !d.some((one) => /no reason/.test(one.message)));
    assert.match(editor.texts.get('queue.yaml').text, /# tidegate: allow queue-encryption-off reason="only test data"\n/);
    // Where no comment can stand, the configuration takes it.
    await editor.open('queue.json');
    await accept('queue.json');
    assert.match(editor.texts.get('tidegate.toml').text, /^\[\[allow\]\]\nrule = "queue-encryption-off"\nresource = "Queue"\npath = "queue.json"\n/);
    await editor.until('tidegate.toml', (d) => d.some((one) => /no reason/.test(one.message)));
  },

  async configuration(editor) {
    await editor.start();
    await editor.open('url.yaml');
    await editor.open('tidegate.toml');
    await editor.until('url.yaml', has(URL_RULE));
    await editor.type('tidegate.toml', 'profile', '[rules]\noff = "function-url-without-auth"\n#');
    await editor.until('url.yaml', lacks(URL_RULE));
    // While it is broken the last good one counts.
    await editor.type('tidegate.toml', 'off', 'of');
    const [broken] = await editor.until('tidegate.toml', (d) => d.length === 1);
    assert.match(broken.message, /there is no key `rules.of`: did you mean `off`\?/);
    assert.deepEqual(broken.range, { start: { line: 1, character: 0 }, end: { line: 1, character: 2 } });
    await editor.until('url.yaml', lacks(URL_RULE));
    await editor.type('tidegate.toml', 'of =', 'off =');
    await editor.until('tidegate.toml', (d) => d.length === 0);
    await editor.type('tidegate.toml', 'without-auth', 'without-aut');
    await editor.until('tidegate.toml', (d) => /did you mean/.test(d[0]?.message));
    editor.texts.delete('tidegate.toml');
    await editor.connection.sendNotification(
      lsp.DidCloseTextDocumentNotification.type, { textDocument: { uri: uri('tidegate.toml') } });
    await editor.until('url.yaml', has(URL_RULE));
  },

  async columns(editor) {
    const text = read('queue.yaml');
    const width = { 'utf-8': (s) => Buffer.byteLength(s), 'utf-16': (s) => s.length, 'utf-32': (s) => [...s].length };
    for (const encoding of ['utf-16', 'utf-8', 'utf-32']) {
      const one = new Editor();
      const capabilities = await one.start({ encodings: [encoding] });
      assert.equal(capabilities.positionEncoding, encoding);
      const [found] = (await one.until('queue.yaml', has(QUEUE_RULE))).filter((d) => d.code === QUEUE_RULE);
      const starts = ['false', '{SqsManaged', 'SqsManaged', '{Type', '"'].map((s) => width[encoding](text.slice(0, text.indexOf(s))));
      assert.ok(starts.includes(found.range.start.character), `${encoding}: ${JSON.stringify(found.range)} ${starts}`);
      await one.stop();
    }
    await editor.start();
  },

  async problems(editor) {
    await editor.start();
    await editor.open('broken.yaml');
    const [problem] = await editor.until('broken.yaml', (d) => d.length > 0);
    assert.equal(problem.severity, lsp.DiagnosticSeverity.Error);
    assert.equal(problem.code, undefined);
    await editor.type('broken.yaml', '   B: [\n', '');
    await editor.until('broken.yaml', (d) => d.every((one) => one.code !== undefined));
  },

  async single(editor) {
    await editor.start({ folders: false });
    await editor.open('url.yaml');
    await editor.until('url.yaml', has(URL_RULE));
    assert.equal(editor.published.has(uri('other.yaml')), false);
    await editor.open('new.yaml', read('url.yaml'));
    await editor.until('new.yaml', has(URL_RULE));
    await editor.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
      textDocument: { uri: 'untitled:Untitled-1', languageId: 'yaml', version: 1, text: read('url.yaml') },
    });
    assert.deepEqual(await editor.connection.sendRequest(lsp.CodeActionRequest.type, {
      textDocument: { uri: 'untitled:Untitled-1' },
      range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
      context: { diagnostics: [] },
    }), []);
  },

  async cancel(editor) {
    await editor.start();
    await editor.open('url.yaml');
    const source = new lsp.CancellationTokenSource();
    const question = editor.connection.sendRequest(lsp.HoverRequest.type, {
      textDocument: { uri: uri('url.yaml') }, position: { line: 0, character: 0 },
    }, source.token);
    source.cancel();
    // It may have been answered before it was taken back.
    await question.then(
      (answer) => assert.equal(answer, null),
      (error) => assert.equal(error.code, lsp.LSPErrorCodes.RequestCancelled));
    await editor.until('url.yaml', has(URL_RULE));
    await assert.rejects(editor.connection.sendRequest('no/such/method', {}), { code: lsp.ErrorCodes.MethodNotFound });
  },
};

const editor = new Editor();
scenarios[scenario](editor).then(() => editor.stop()).then(
  () => console.log('played'),
  (error) => { console.error(error); process.exit(1); });
