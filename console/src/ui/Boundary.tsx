// What breaks while drawing breaks alone: the rest stays, and it is said.
import { Component, type ReactNode } from "react";
import { Failure } from "./States";

interface Props {
  children: ReactNode;
}

export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="alone">
        <Failure error={this.state.error} again={() => location.reload()} />
      </div>
    );
  }
}
