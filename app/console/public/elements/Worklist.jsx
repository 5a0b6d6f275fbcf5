import { useState } from "react"

// The ranked exceptions: four groups, one row a case; a row opens its case. Words and numbers come ready-made.
const GROUPS = [
  ["yours", "Need you"],
  ["others", "Wait for others"],
  ["left", "Left alone"],
  ["done", "Done"],
]
const SHORT = 6

// The page may make the list anew at any time; the chosen tab must not be lost with that.
function useKept(name, initial) {
  const kept = (window.qmKept ??= {})
  const key = `${props.greeting}${props.sentence}:${props.rows.map((row) => row.case)}:${name}`
  const [value, set] = useState(kept[key] ?? initial)
  return [value, (next) => { kept[key] = next; set(next) }]
}

export default function Worklist() {
  const { rows, counts, questions } = props
  const grouped = rows.length > 0 && props.greeting !== ""
  const first = GROUPS.find(([key]) => counts[key] > 0)
  const [group, setGroup] = useKept("group", first ? first[0] : "yours")
  const [all, setAll] = useKept("all", false)
  const [opening, setOpening] = useState("")
  const inGroup = grouped ? rows.filter((row) => row.group === group) : rows
  const shown = all ? inGroup : inGroup.slice(0, grouped ? SHORT : rows.length)
  const open = async (id) => {
    setOpening(id)
    await callAction({ name: "open", payload: { case: id } })
    setOpening("")
  }
  return (
    <div className="qm-list">
      {grouped && (
        <div className="qm-tabs" role="tablist">
          {GROUPS.map(([key, title]) => (
            <button
              key={key}
              role="tab"
              aria-selected={key === group}
              className={key === group ? "qm-tab qm-on" : "qm-tab"}
              onClick={() => { setGroup(key); setAll(false) }}
            >
              {title} <b>{counts[key]}</b>
            </button>
          ))}
        </div>
      )}
      <ul className="qm-rows">
        {shown.map((row) => (
          <li key={row.case}>
            <button className="qm-row" disabled={opening !== ""} onClick={() => open(row.case)}>
              <span className="qm-what">
                <span className="qm-subject">{row.subject}</span>
                <span className="qm-matter">{row.matter}</span>
                {row.proposes && <span className="qm-proposes">{row.proposes}</span>}
              </span>
              <span className="qm-facts">
                <span className="qm-money">{row.money}</span>
                <span className={row.urgent ? "qm-due qm-urgent" : "qm-due"}>{row.due}</span>
                <span className={`qm-state qm-${row.tone}`}>{opening === row.case ? "opening…" : row.state}</span>
              </span>
            </button>
          </li>
        ))}
        {shown.length === 0 && <li className="qm-none">Nothing here.</li>}
      </ul>
      {inGroup.length > shown.length && (
        <button className="qm-more" onClick={() => setAll(true)}>Show all {inGroup.length}</button>
      )}
      {questions.length > 0 && (
        <div className="qm-questions">
          {questions.map((one) => (
            <button key={one} className="qm-chip" onClick={() => sendUserMessage(one)}>{one}</button>
          ))}
        </div>
      )}
    </div>
  )
}
