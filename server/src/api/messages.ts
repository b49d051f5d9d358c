/**
 * One typed constant per message between the editor and the background process.
 * The constants hold a method name only, so that they weigh nothing in the client; the types are carried by
 * the interfaces. `MESSAGES.md` beside this file describes each of them and carries a hash of it.
 */
import type {
  CallAnswer,
  CallNews,
  CallQuestion,
  ListenerInfo,
  ListenerNews,
  ListenParams,
} from './callbacks';
import type {
  CallSignature,
  ObjectCallParams,
  ObjectCallResult,
  ObjectChange,
  ObjectSetParams,
  ObjectTakeParams,
  ObjectTakeResult,
  ObjectUndoResult,
} from './changes';
import type {
  LocalServers,
  RegistryAddress,
  ServerAddress,
  ServerReach,
  ServiceSearchParams,
  ServiceSearchResult,
} from './discovery';
import type { ObjectDocumentParams, ObjectDocumentResult, SourceCode } from './documents';
import type { Explanation } from './explanation';
import type { LiveHover, LivePlace, LiveSignature, LiveStep, LiveSuggestions } from './live';
import type {
  ConnectionState,
  Handle,
  InterruptResult,
  ObjectDetails,
  ObjectNode,
  ObjectPage,
  ObjectPath,
  Problem,
  Profile,
  RunInputQuestion,
  RunOutput,
  RunRequest,
  RunResult,
  Secrets,
  TraceLevel,
} from './model';
import type { ObjectKeepParams, ObjectShowParams, ShownObject } from './showing';
import type { WatchAnswer, WatchParams } from './watch';
import type { ActionCost, HeldReferences, WireShown } from './wire';

/** A request: the caller gets `Result`, or a `ResponseError` whose `data` is a `Problem`. */
export interface RequestMessage<Params, Result> {
  readonly method: string;
  /** Never present: carries the types. */
  readonly types?: (params: Params) => Result;
}

/** A notification: nobody answers. */
export interface NotificationMessage<Params> {
  readonly method: string;
  /** Never present: carries the type. */
  readonly types?: (params: Params) => void;
}

function request<Params, Result>(method: string): RequestMessage<Params, Result> {
  return { method };
}

function notification<Params>(method: string): NotificationMessage<Params> {
  return { method };
}

/** What `ResponseError.data` holds for every failed request. */
export type RequestProblem = Problem;

/** One message of a debug session. */
export interface DebugMessage {
  readonly session: string;
  readonly message: object;
}

// ---- life of the process ------------------------------------------------------------------------------------

export interface HelloParams {
  /** Dialect by endpoint, as the process told it in `DialectLearned`; the client keeps it. */
  readonly dialects: Readonly<Record<string, string>>;
  readonly trace: TraceLevel;
}

export interface HelloResult {
  readonly epoch: string;
  readonly pid: number;
}

/** Client → process, first of all, after every start. */
export const Hello = request<HelloParams, HelloResult>('rpyc/hello');

/** Client → process: how much of the wire goes to the log. */
export const SetTrace = notification<{ readonly trace: TraceLevel }>('rpyc/setTrace');

/** Process → client: remember that this endpoint (`host:port` for TCP and TLS) speaks this dialect. */
export const DialectLearned = notification<{ readonly endpoint: string; readonly dialect: string }>(
  'rpyc/dialectLearned',
);

/** Process → client: a line for the log channel. */
export const LogMessage = notification<{
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}>('rpyc/log');

/** Client → process: a report for a bug tracker, with secrets taken out. */
export const Diagnostics = request<null, string>('rpyc/diagnostics');

/** Client → process: what a traceback means, in plain words. Needs no connection, and nothing is sent anywhere. */
export const Explain = request<{ readonly text: string }, Explanation>('rpyc/explain');

// ---- connections --------------------------------------------------------------------------------------------

/** Client → process: all profiles. A connection whose profile is gone is closed. */
export const SetProfiles = notification<{ readonly profiles: readonly Profile[] }>('rpyc/profiles/set');

export interface ConnectParams {
  readonly profileId: string;
  /** What the profile names, for as long as the connection is wanted. Never logged, never in a report. */
  readonly secrets?: Secrets;
  /** For a service by name: the `host:port` that the user has agreed to. Another one is told, and not connected to. */
  readonly address?: string;
}

/** Client → process: connect; answers when connected. Cancel means stop trying. */
export const Connect = request<ConnectParams, ConnectionState>('rpyc/connection/connect');

/** Client → process: close every connection of the profile. */
export const Disconnect = request<{ readonly profileId: string }, null>('rpyc/connection/disconnect');

/** Process → client: a connection's state changed. */
export const ConnectionStateChanged = notification<ConnectionState>('rpyc/connection/state');

// ---- remote objects -----------------------------------------------------------------------------------------

/** Client → process: the rows directly under a connection. No round trip beyond what connecting needed. */
export const ObjectRoots = request<{ readonly profileId: string }, readonly ObjectNode[]>(
  'rpyc/objects/roots',
);

export interface ObjectChildrenParams {
  readonly handle: Handle;
  readonly offset: number;
  readonly limit: number;
  /** Only children whose name contains this text, in any case. */
  readonly filter?: string;
  /**
   * Methods, private and special names come as one row each, behind the other children. Without it, and where a filter
   * is given, all names come one after the other. The children of such a row are the names that it stands for.
   */
  readonly groups?: boolean;
}

/** Client → process: one page of an object's children. Evaluates no property. */
export const ObjectChildren = request<ObjectChildrenParams, ObjectPage>('rpyc/objects/children');

/** Client → process: a row anew, by path, after a reconnect or a restart. */
export const ObjectResolve = request<{ readonly profileId: string; readonly path: ObjectPath }, ObjectNode>(
  'rpyc/objects/resolve',
);

/** Client → process: what a hover shows. */
export const ObjectDescribe = request<{ readonly handle: Handle }, ObjectDetails>('rpyc/objects/describe');

/**
 * Client → process: read a row that was not read (a property, a data attribute of a strict service). A row that is out
 * of reach is asked for with `anyway` only, and what comes of it corrects what is known of the peer's policy.
 */
export const ObjectRead = request<{ readonly handle: Handle; readonly anyway?: boolean }, ObjectNode>(
  'rpyc/objects/read',
);

/** Client → process: the full text of a value, at most `limit` characters. */
export const ObjectText = request<
  { readonly handle: Handle; readonly limit: number },
  { readonly text: string; readonly truncated: boolean }
>('rpyc/objects/text');

/** Client → process: a value as JSON, or as lines to compare. Evaluates nothing on classic peers. */
export const ObjectDocument = request<ObjectDocumentParams, ObjectDocumentResult>('rpyc/objects/document');

/** Client → process: the Python source that an object is written in. Evaluates nothing. */
export const ObjectSourceCode = request<{ readonly handle: Handle }, SourceCode>('rpyc/objects/source');

/** Client → process: the statement that imports a module, class or function. Evaluates nothing. */
export const ObjectImportLine = request<{ readonly handle: Handle }, string>('rpyc/objects/importLine');

/**
 * Client → process: what lies at the end of each path now, in their order. Properties on the way are evaluated. Not
 * answered before the last one of the connection was: who asks meanwhile is told so by `ERR_STILL_READING`.
 */
export const ObjectWatch = request<WatchParams, readonly WatchAnswer[]>('rpyc/objects/watch');

/**
 * Client → process: a value as a picture, a table, a page or a text. Code of the value runs, for twenty seconds at most;
 * cancel stops it.
 */
export const ObjectShow = request<ObjectShowParams, ShownObject>('rpyc/objects/show');

/** Client → process: put the value of a run under Results; answers its row. */
export const ObjectKeep = request<ObjectKeepParams, ObjectNode>('rpyc/objects/keep');

/** Client → process: these rows are closed; what they hold on the peer can go. */
export const ObjectRelease = notification<{ readonly handles: readonly Handle[] }>('rpyc/objects/release');

// ---- changes and calls --------------------------------------------------------------------------------------

/** Client → process: give an attribute, an item or a name another value. No time limit; cancel stops waiting. */
export const ObjectSet = request<ObjectSetParams, ObjectChange>('rpyc/objects/set');

/** Client → process: take an attribute, an item or a name away. */
export const ObjectDelete = request<{ readonly handle: Handle }, ObjectChange>('rpyc/objects/delete');

/** Client → process: put back what a change took away. */
export const ObjectUndo = request<{ readonly undo: number }, ObjectUndoResult>('rpyc/objects/undo');

/** Client → process: what an object takes when it is called. */
export const ObjectSignature = request<{ readonly handle: Handle }, CallSignature>('rpyc/objects/signature');

/** Client → process: call an object. No time limit; cancel stops waiting, and the call goes on. */
export const ObjectCall = request<ObjectCallParams, ObjectCallResult>('rpyc/objects/call');

/** Client → process: take the next items of a generator or another iterator, for about five seconds at most. */
export const ObjectTake = request<ObjectTakeParams, ObjectTakeResult>('rpyc/objects/take');

// ---- snippets -----------------------------------------------------------------------------------------------

/** Client → process: run Python on a classic connection; answers when it ends. No time limit. */
export const Run = request<RunRequest, RunResult>('rpyc/run/start');

/**
 * Client → process: stop a run or a call of this id by a `KeyboardInterrupt`, and when it is asked again by an exception
 * that hardly anything catches. `insist` raises one after the other for three seconds.
 */
export const InterruptRun = request<
  { readonly profileId: string; readonly runId: string; readonly insist: boolean },
  InterruptResult
>('rpyc/run/interrupt');

/** Process → client: what a run printed, in order, soon after it was printed. */
export const RunOutputProduced = notification<RunOutput>('rpyc/run/output');

/**
 * Process → client: a run or a call waits for a line, as with `input()`. The answer is the line without its end, or null
 * for the end of the input. Cancelled when nobody waits any more.
 */
export const RunInputWanted = request<RunInputQuestion, string | null>('rpyc/run/input');

/** Client → process: nobody goes back to these errors, by their names; their frames need not be kept. */
export const ForgetFailures = notification<{ readonly failures: readonly string[] }>('rpyc/run/forget');

// ---- live objects in a text ---------------------------------------------------------------------------------

/**
 * Client → process: what the text may go on with. Answered in half a second, with `null` where nothing can be told by
 * then; so are the three below. None of them connects, waits for a run, evaluates anything or fails.
 */
export const LiveComplete = request<LivePlace, LiveSuggestions | null>('rpyc/live/complete');

/** Client → process: more about a suggestion. */
export const LiveExplain = request<
  { readonly profileId: string; readonly path: readonly LiveStep[] },
  ObjectDetails | null
>('rpyc/live/explain');

/** Client → process: what the name at this place stands for. */
export const LiveLook = request<LivePlace, LiveHover | null>('rpyc/live/look');

/** Client → process: what the call around this place takes. */
export const LiveCallTip = request<LivePlace, LiveSignature | null>('rpyc/live/callTip');

// ---- debug sessions -----------------------------------------------------------------------------------------

/** Client → process: a debug session begins. Its messages are those of the Debug Adapter Protocol, relayed as they are. */
export const DebugOpen = request<{ readonly session: string }, null>('rpyc/debug/open');

/** Client → process: a message of the editor to that session. */
export const DebugSend = notification<DebugMessage>('rpyc/debug/send');

/** Process → client: a message of that session to the editor. */
export const DebugReceive = notification<DebugMessage>('rpyc/debug/receive');

/** Client → process: the session is over; what it held at the peer goes. */
export const DebugClose = notification<{ readonly session: string }>('rpyc/debug/close');

// ---- what is held, and what it costs ------------------------------------------------------------------------

/** Client → process: what of it is shown; nothing unless told. What is not shown is not measured. */
export const ShowWire = notification<WireShown>('rpyc/wire/show');

/** Process → client: a request that needed the wire is about to be answered. */
export const ActionFinished = notification<ActionCost>('rpyc/wire/action');

/** Client → process: what is held on the peer. Asks the peer nothing. */
export const ReferenceListing = request<{ readonly profileId: string }, HeldReferences>(
  'rpyc/references/list',
);

/** Client → process: let go of these, or of all that rows hold; answers how many that were. Rows stay as they are. */
export const ReferenceRelease = request<
  { readonly profileId: string; readonly ids: readonly string[] | 'rows' },
  number
>('rpyc/references/release');

/** Process → client: more or less is held on the peer. */
export const ReferencesChanged = notification<{ readonly profileId: string }>('rpyc/references/changed');

// ---- calls of peers -----------------------------------------------------------------------------------------

/** Process → client: what peers have called since the last time, and what the editor is to do about it. */
export const CallsHappened = notification<CallNews>('rpyc/callbacks/calls');

/**
 * Process → client: a call needs its user, or a peer wants to be let in. Cancelled when the peer is gone, or calls are
 * no longer answered.
 */
export const CallAnswerWanted = request<CallQuestion, CallAnswer>('rpyc/callbacks/question');

/** Client → process: answer no calls, or go on. What waits for an answer then gets an error. */
export const PauseCallbacks = notification<{ readonly paused: boolean }>('rpyc/callbacks/pause');

/** Client → process: let peers connect that know a token. A listener that is there ends first. */
export const StartListening = request<ListenParams, ListenerInfo>('rpyc/callbacks/listen');

/** Client → process: end the listener and its connections. */
export const StopListening = request<null, null>('rpyc/callbacks/stopListening');

/** Process → client: the listener as it is now, or that there is none. */
export const ListenerChanged = notification<ListenerNews>('rpyc/callbacks/listener');

// ---- registries and services --------------------------------------------------------------------------------

/** Client → process: ask registries. Nothing is sent to the servers that they tell of. */
export const SearchServices = request<ServiceSearchParams, ServiceSearchResult>('rpyc/discovery/search');

/** Client → process: open a connection to each address and close it again; one word for each. */
export const CheckServers = request<{ readonly addresses: readonly ServerAddress[] }, readonly ServerReach[]>(
  'rpyc/discovery/check',
);

/** Client → process: run a registry that tells its names. Port 0 takes a free one. */
export const StartRegistry = request<RegistryAddress, LocalServers>('rpyc/discovery/startRegistry');

/** Client → process: end that registry. */
export const StopRegistry = request<null, LocalServers>('rpyc/discovery/stopRegistry');

/** Client → process: run the demo server on this machine's own address, registered there. Port 0 takes a free one. */
export const StartDemo = request<{ readonly port: number }, LocalServers>('rpyc/discovery/startDemo');

/** Client → process: end the demo server. */
export const StopDemo = request<null, LocalServers>('rpyc/discovery/stopDemo');

/** Process → client: which of the two run now. */
export const LocalServersChanged = notification<LocalServers>('rpyc/discovery/localServers');
