// This browser could not reach the tenant, and browsers do not say why. Nearly always it is the
// certificate: an exception that somebody clicked for the console holds for the console only.
import { useInstallation } from "../../api/installation";
import { Code } from "../../ui";

export function Unreachable({ url }: { url: string | null }) {
  const home = useInstallation().data?.home ?? "$STATEROOM_HOME";
  const forChromium = `certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n Stateroom -i ${home}/ca.pem`;
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
          Better, once and for all tenants: let the browser trust <code>{home}/ca.pem</code> of the
          machine that Stateroom runs on. Firefox: Settings, Certificates, Authorities, Import.
          Chromium on Linux:
        </li>
      </ol>
      <Code label="With certutil of the package libnss3-tools" text={forChromium} />
      <p>
        If the tab does not open either, the edge is away: <code>stateroom doctor</code> says why.
      </p>
    </div>
  );
}
