// What React Flow draws as a node.
import { BlockCard } from "./BlockCard";

export const nodeTypes = { block: BlockCard };
