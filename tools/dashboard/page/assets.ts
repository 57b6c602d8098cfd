import coloursCss from "./colours.css" with { type: "text" };
import baseCss from "./base.css" with { type: "text" };
import topCss from "./top.css" with { type: "text" };
import lanesCss from "./lanes.css" with { type: "text" };
import timesCss from "./times.css" with { type: "text" };
import listsCss from "./lists.css" with { type: "text" };
import playCss from "./play.css" with { type: "text" };
import whyCss from "./why.css" with { type: "text" };
import announce from "./announce.js" with { type: "text" };
import charts from "./charts.js" with { type: "text" };
import connection from "./connection.js" with { type: "text" };
import dom from "./dom.js" with { type: "text" };
import figures from "./figures.js" with { type: "text" };
import format from "./format.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import index from "./index.html" with { type: "text" };
import laneScale from "./lane_scale.js" with { type: "text" };
import laneTrack from "./lane_track.js" with { type: "text" };
import lanes from "./lanes.js" with { type: "text" };
import page from "./main.js" with { type: "text" };
import members from "./members.js" with { type: "text" };
import orders from "./orders.js" with { type: "text" };
import strips from "./strips.js" with { type: "text" };
import group from "./group.js" with { type: "text" };
import play from "./play.js" with { type: "text" };
import rateData from "./rate_data.js" with { type: "text" };
import standstill from "./standstill.js" with { type: "text" };
import state from "./state.js" with { type: "text" };
import times from "./times.js" with { type: "text" };
import topics from "./topics.js" with { type: "text" };
import verdicts from "./verdicts.js" with { type: "text" };
import why from "./why.js" with { type: "text" };
import whyStory from "./why_story.js" with { type: "text" };
import { asCalled } from "../../../lib/cli/program.ts";

export interface Asset {
  type: string;
  text: string;
}

/** The page by path; part of the module graph, so that a compiled or bundled server has it too. uPlot is the server's. */
export const ASSETS: Readonly<Record<string, Asset>> = {
  "/": { type: "text/html; charset=utf-8", text: index },
  "/icon.svg": { type: "image/svg+xml", text: icon },
  ...files(".css", "text/css", {
    colours: coloursCss,
    base: baseCss,
    top: topCss,
    lanes: lanesCss,
    times: timesCss,
    lists: listsCss,
    play: playCss,
    why: whyCss,
  }),
  ...files(".js", "text/javascript", {
    announce,
    charts,
    connection,
    dom,
    figures,
    format,
    lane_scale: laneScale,
    lane_track: laneTrack,
    lanes,
    main: page,
    members,
    orders,
    strips,
    group,
    play,
    rate_data: rateData,
    standstill,
    state,
    times,
    topics,
    verdicts,
    why,
    why_story: whyStory,
  }),
};

function files(ending: string, type: string, texts: Record<string, string>): Record<string, Asset> {
  return Object.fromEntries(
    Object.entries(texts).map((
      [name, text],
    ) => [`/${name}${ending}`, { type: `${type}; charset=utf-8`, text: asCalled(text) }]),
  );
}
