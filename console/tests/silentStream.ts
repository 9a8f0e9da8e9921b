// A stream of events that never says anything, for pages whose news come from elsewhere.
export class SilentStream {
  addEventListener = () => undefined;
  close = () => undefined;
}
