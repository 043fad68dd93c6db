// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SettlementMath} from "../../src/lib/SettlementMath.sol";

/// What a prover shows of SettlementMath for all numbers that TermsRules and the Vault let in: each function is
/// a theorem, its requires are what is given, its asserts what follows. `npm run prove` runs solc's SMTChecker
/// on them, which also shows that nothing wraps on the way. The theorems of cover are one induction: a promise
/// that is shown holds at first, every act of anybody but the payee's own release leaves it, and the block then
/// pays by it. A deposit only adds, and a void block takes one from `live`.
contract SettlementProofs {
    modifier within(uint256 held, uint256 debt, uint256 blockMax, uint256 live) {
        require(held < 2 ** 128 && debt < 2 ** 128 && blockMax < 2 ** 96 && live <= 2 ** 20);
        _;
    }

    // ── conservation ──

    function a_payment_takes_from_the_line_what_it_pays_and_contests_and_no_more(
        uint256 held,
        uint256 blockMax,
        uint256 live,
        uint256 owed,
        uint256 most
    ) external pure within(held, 0, blockMax, live) {
        require(owed <= blockMax && most <= blockMax);
        SettlementMath.Payment memory result = SettlementMath.payment(held, blockMax, live, owed, most);
        assert(result.paid + result.contested <= held);
        assert(result.paid + result.lacking == owed);
        assert(result.paid + result.lacking + result.contested <= blockMax);
        assert(result.contested == 0 || owed + result.contested <= most);
        assert(result.lacking == 0 || result.contested == 0);
    }

    function serving_takes_from_the_line_no_more_than_it_holds_and_is_owed(
        uint256 held,
        uint256 debt,
        uint256 blockMax,
        uint256 live
    ) external pure within(held, debt, blockMax, live) {
        uint256 served = SettlementMath.servable(held, debt, blockMax, live);
        assert(served <= held);
        assert(served <= debt);
    }

    function a_withdrawal_takes_no_more_than_asked_and_leaves_the_debt(
        uint256 held,
        uint256 debt,
        uint256 asked,
        uint256 blockMax,
        uint256 live
    ) external pure within(held, debt, blockMax, live) {
        require(asked < 2 ** 128);
        uint256 amount = SettlementMath.withdrawable(held, debt, asked, blockMax, live);
        assert(amount <= asked);
        assert(amount <= held);
        assert(amount == 0 || held - amount >= debt + blockMax * live);
    }

    // ── cover: the line holds blockMax for each earlier block that is not over, and `promised` beyond ──

    function a_cover_that_is_shown_is_held_beyond_what_earlier_blocks_may_cost(
        uint256 held,
        uint256 debt,
        uint256 requested,
        uint256 blockMax,
        uint256 live
    ) external pure within(held, debt, blockMax, live) {
        require(requested < 2 ** 128);
        uint256 promised = SettlementMath.cover(held, debt, requested, blockMax, live);
        assert(promised <= blockMax);
        assert(promised == 0 || held >= blockMax * live + promised);
    }

    function an_earlier_block_that_pays_leaves_the_promise(
        uint256 held,
        uint256 blockMax,
        uint256 live,
        uint256 before,
        uint256 owed,
        uint256 most,
        uint256 promised
    ) external pure within(held, 0, blockMax, live) {
        require(before < live && owed <= blockMax && most <= blockMax && promised <= blockMax);
        require(held >= blockMax * live + promised);
        SettlementMath.Payment memory result = SettlementMath.payment(held, blockMax, before, owed, most);
        assert(held - result.paid - result.contested >= blockMax * (live - 1) + promised);
    }

    function a_later_block_that_pays_leaves_the_promise(
        uint256 held,
        uint256 blockMax,
        uint256 live,
        uint256 before,
        uint256 owed,
        uint256 most,
        uint256 promised
    ) external pure within(held, 0, blockMax, before) {
        require(before > live && owed <= blockMax && most <= blockMax && promised <= blockMax);
        require(held >= blockMax * live + promised);
        SettlementMath.Payment memory result = SettlementMath.payment(held, blockMax, before, owed, most);
        assert(held - result.paid - result.contested >= blockMax * live + promised);
    }

    function serving_a_debt_leaves_the_promise_of_a_started_block(
        uint256 held,
        uint256 debt,
        uint256 blockMax,
        uint256 live,
        uint256 started,
        uint256 promised
    ) external pure within(held, debt, blockMax, started) {
        require(started > live && promised <= blockMax);
        require(held >= blockMax * live + promised);
        uint256 served = SettlementMath.servable(held, debt, blockMax, started);
        assert(held - served >= blockMax * live + promised);
    }

    function a_withdrawal_leaves_the_promise_of_a_started_block(
        uint256 held,
        uint256 debt,
        uint256 asked,
        uint256 blockMax,
        uint256 live,
        uint256 started,
        uint256 promised
    ) external pure within(held, debt, blockMax, started) {
        require(started > live && promised <= blockMax && asked < 2 ** 128);
        require(held >= blockMax * live + promised);
        uint256 amount = SettlementMath.withdrawable(held, debt, asked, blockMax, started);
        assert(held - amount >= blockMax * live + promised);
    }

    function a_block_is_paid_what_it_is_owed_up_to_the_promise(
        uint256 held,
        uint256 blockMax,
        uint256 live,
        uint256 owed,
        uint256 most,
        uint256 promised
    ) external pure within(held, 0, blockMax, live) {
        require(owed <= blockMax && most <= blockMax && promised <= blockMax);
        require(held >= blockMax * live + promised);
        SettlementMath.Payment memory result = SettlementMath.payment(held, blockMax, live, owed, most);
        assert(result.paid >= owed || result.paid >= promised);
    }

    // ── units ──

    function less_nano_is_not_more_base_units(uint64 nano, uint64 more, uint256 tokenPerUnit)
        external
        pure
    {
        require(nano <= more && tokenPerUnit < 2 ** 128);
        assert(SettlementMath.units(nano, tokenPerUnit) <= SettlementMath.units(more, tokenPerUnit));
    }

    function rounding_keeps_back_less_than_a_base_unit(uint64 nano, uint256 tokenPerUnit) external pure {
        require(tokenPerUnit < 2 ** 128);
        uint256 exact = uint256(nano) * tokenPerUnit;
        uint256 inUnits = SettlementMath.units(nano, tokenPerUnit);
        assert(inUnits * SettlementMath.NANO_PER_UNIT <= exact);
        assert(exact - inUnits * SettlementMath.NANO_PER_UNIT < SettlementMath.NANO_PER_UNIT);
    }
}
