// Where a search is typed, with its picture.
import type { InputHTMLAttributes, Ref } from "react";
import { SearchIcon } from "./icons";
import "./SearchBox.css";

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  /** Read out: what is searched. */
  label: string;
  ref?: Ref<HTMLInputElement>;
}

export function SearchBox({ label, ref, ...input }: Props) {
  return (
    <label className="search-box">
      <span className="visually-hidden">{label}</span>
      <SearchIcon />
      <input ref={ref} type="search" className="input" maxLength={100} {...input} />
    </label>
  );
}
