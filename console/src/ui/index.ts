// The parts of the console, in one import.
export { Badge, PhaseBadge, type Tone } from "./Badge";
export { Button, type ButtonKind, IconButton } from "./Button";
export { Code, CopyButton } from "./Code";
export { Confirm } from "./Confirm";
export { classes } from "./classes";
export { Dialog } from "./Dialog";
export { AreaField, Field, SelectField, Switch, TextField } from "./Field";
export * from "./icons";
export { Link } from "./Link";
export { Card, Page, useTitle } from "./Page";
export { Said } from "./Said";
export { SearchBox } from "./SearchBox";
export { Empty, Failure, Loading, Notice } from "./States";
export { type Column, Table } from "./Table";
export { type Tab, Tabs } from "./Tabs";
export { toast } from "./Toast";
export { useCountdown } from "./useCountdown";
