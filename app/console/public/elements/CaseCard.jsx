import { useEffect, useRef, useState } from "react"

// A case: where it stands, what is proposed, the options in money, why, and the buttons that this person has.
// Buttons send the card's id; what it stands for is kept by the server.
const COLUMNS = [
  ["benefit", "Benefit"],
  ["at_least", "At least"],
  ["worst_tenth", "Worst tenth"],
  ["chance", "Chance it helps"],
  ["cost", "Extra cost"],
]

function Bars({ title, bars, total, kind }) {
  if (!bars.length) return null
  return (
    <div className={`qm-bars qm-${kind}-bars`}>
      <h4>{title} <span>{total}</span></h4>
      {bars.map((bar) => (
        <div key={bar.name} className="qm-bar">
          <span>{bar.name}</span>
          <i><em className={bar.share < 0 ? "qm-less" : ""} style={{ width: `${Math.abs(bar.share) * 100}%` }} /></i>
          <b>{bar.amount}</b>
        </div>
      ))}
    </div>
  )
}

function Options({ options }) {
  return (
    <div className="qm-options" role="table">
      <div className="qm-option qm-head" role="row">
        <span role="columnheader">Option</span>
        {COLUMNS.map(([key, title]) => <span key={key} role="columnheader">{title}</span>)}
      </div>
      {options.map((one, place) => (
        <div key={place} className={`qm-option qm-is-${one.place || "other"}`} role="row">
          <span className="qm-name" role="cell">
            {one.name}
            {one.place && <em>{one.place}</em>}
            <small>{[one.quantity, one.arrives && `arrives ${one.arrives}`].filter(Boolean).join(" · ")}</small>
          </span>
          {COLUMNS.map(([key, title]) => (
            <span key={key} role="cell"><label>{title}</label>{one[key]}</span>
          ))}
        </div>
      ))}
    </div>
  )
}

// The page may make the card anew at any time; what somebody opened or wrote in it must not be lost with that.
function useKept(name, initial) {
  const kept = (window.qmKept ??= {})
  const key = `${props.card}:${name}`
  const [value, set] = useState(kept[key] ?? initial)
  return [value, (next) => { kept[key] = next; set(next) }]
}

export default function CaseCard() {
  const { answer, proposed } = props
  const [why, setWhy] = useKept("why", false)
  const [rejecting, setRejecting] = useKept("rejecting", false)
  const [reason, setReason] = useKept("reason", "")
  const [busy, setBusy] = useState(false)
  const card = useRef(null)
  const form = useRef(null)
  // The composer floats over the lower edge: the second button would lie under it.
  useEffect(() => { if (rejecting) form.current?.scrollIntoView({ block: "center" }) }, [rejecting])
  // The headline and the picture stand in the message before: that is where reading begins. Once a page, because
  // the card is made anew whenever what it shows changes.
  useEffect(() => {
    const seen = (window.qmCardsSeen ??= new Set())
    if (seen.has(props.card)) return
    seen.add(props.card)
    const before = card.current?.closest(".step")?.previousElementSibling
    before?.scrollIntoView({ block: "start", behavior: "smooth" })
  }, [])
  const act = async (name, more) => {
    setBusy(true)
    await callAction({ name, payload: { card: props.card, ...more } })
    setBusy(false)
    setRejecting(false)
  }
  return (
    <div className="qm-card" ref={card} data-case={props.case}>
      <div className="qm-top">
        <span className="qm-id">{props.case}</span>
        <span className={`qm-state qm-${props.tone}`}>{props.state}</span>
        <span className="qm-risk"><b>{props.money}</b> at risk{props.due && ` · ${props.due}`}</span>
      </div>
      {props.note && <p className="qm-note">{props.note}</p>}
      {proposed && (
        <div className="qm-proposal">
          <h4>Proposed {proposed.on_behalf_of}</h4>
          <p className="qm-order">{proposed.order}</p>
          <p>
            Expected benefit <b>{proposed.benefit}</b> against doing nothing, at least {proposed.at_least};
            in the worst tenth {proposed.worst_tenth}. It helps in {proposed.chance} of the scenarios.
          </p>
          <p className="qm-gate"><b>{proposed.gate}.</b> {proposed.reasons}</p>
        </div>
      )}
      {props.options.length > 0 && <Options options={props.options} />}
      {props.flip && <p className="qm-flip">What would flip it: {props.flip}.</p>}
      {why && (
        <div className="qm-why">
          <Bars title="Why it will be short" bars={props.causes} total={props.causes_total} kind="loss" />
          <Bars title="Where the benefit comes from" bars={props.drivers} total={props.drivers_total} kind="gain" />
          <p className="qm-basis">{props.basis}</p>
        </div>
      )}
      {answer.why_not && (
        <p className="qm-whynot">
          <b>{answer.waits ? "You cannot approve this." : "Nothing to answer here."}</b> {answer.why_not}
          {answer.who_can && <> <b>Who can:</b> {answer.who_can}.</>}
        </p>
      )}
      {rejecting ? (
        <div className="qm-reason" ref={form}>
          <label htmlFor={`why-${props.card}`}>Why not? It is kept with the case.</label>
          <textarea
            id={`why-${props.card}`} rows={2} maxLength={1000} value={reason}
            onChange={(event) => setReason(event.target.value)} autoFocus
          />
          <div className="qm-buttons">
            <button className="qm-button qm-no" disabled={busy || !reason.trim()} onClick={() => act("reject", { reason })}>
              Reject
            </button>
            <button className="qm-button" disabled={busy} onClick={() => setRejecting(false)}>Cancel</button>
          </div>
        </div>
      ) : (
        <div className="qm-buttons">
          {answer.may_approve && (
            <button className="qm-button qm-yes" disabled={busy} onClick={() => act("approve")}>Approve</button>
          )}
          {answer.may_reject && (
            <button className="qm-button qm-no" disabled={busy} onClick={() => setRejecting(true)}>Reject</button>
          )}
          {(props.causes.length > 0 || props.drivers.length > 0) && (
            <button className="qm-button" aria-expanded={why} onClick={() => setWhy(!why)}>
              {why ? "Hide why" : "Why"}
            </button>
          )}
          <button className="qm-button" disabled={busy} onClick={() => act("evidence")}>Show the evidence</button>
          {answer.waits && proposed && <span className="qm-expires">open until {proposed.expires}</span>}
        </div>
      )}
    </div>
  )
}
