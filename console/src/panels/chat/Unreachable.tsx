// This browser could not reach the tenant, and browsers do not say why. Nearly always it is the
// certificate: an exception that somebody clicked for the console holds for the console only.
import { Code } from "../../ui";

const FOR_CHROMIUM =
  'certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n Stateroom -i /var/lib/stateroom/ca.pem';

export function Unreachable({ url }: { url: string | null }) {
  return (
    <div className="unreachable">
      <p>
        Most likely it does not trust Stateroom's certificate for this address yet: an exception
        that you clicked for the console does not hold for its tenants.
      </p>
      <ol>
        <li>
          {url ? (
            <a href={url} target="_blank" rel="noreferrer">
              Open the tenant in a tab
            </a>
          ) : (
            "Open the tenant in a tab"
          )}
          . Where the browser warns, it is the certificate; accept it there, and try again here.
        </li>
        <li>
          Better, once and for all tenants: let the browser trust <code>ca.pem</code> of Stateroom's
          home (<code>/var/lib/stateroom</code>, or what <code>STATEROOM_HOME</code> says). Firefox:
          Settings, Certificates, Authorities, Import. Chromium on Linux:
        </li>
      </ol>
      <Code label="With certutil of the package libnss3-tools" text={FOR_CHROMIUM} />
      <p>
        If the tab does not open either, the edge is away: <code>stateroom doctor</code> says why.
      </p>
    </div>
  );
}
