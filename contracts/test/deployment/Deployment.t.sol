// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockDisputes} from "../../src/blocks/BlockDisputes.sol";
import {Blocks} from "../../src/blocks/Blocks.sol";
import {ResultRules} from "../../src/blocks/ResultRules.sol";
import {Channels} from "../../src/channels/Channels.sol";
import {ReducerTable} from "../../src/channels/ReducerTable.sol";
import {TermsRules} from "../../src/channels/TermsRules.sol";
import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IVault, WeiMove} from "../../src/interfaces/IVault.sol";
import {Deployed} from "../../src/lens/ILens.sol";
import {Lens} from "../../src/lens/Lens.sol";
import {RtbImpression1} from "../../src/reducers/RtbImpression1.sol";
import {ParticipantRegistry} from "../../src/registries/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../../src/registries/ValidatorRegistry.sol";
import {Vault} from "../../src/vault/Vault.sol";
import {Organisations} from "../support/Organisations.sol";

/// Contracts that know each other from their constructors on, each 2 kB below both limits of size. That they work
/// together at these addresses, a whole block shows in test/lens.
contract DeploymentTest is Organisations {
    uint256 private constant DEPLOYED_BYTES_MAX = 22_528;
    uint256 private constant CREATION_BYTES_MAX = 47_104;

    function test_each_contract_knows_the_others_at_their_places() public view {
        vm.assertEq(address(channels.termsRules()), address(termsRules));
        vm.assertEq(address(termsRules.reducerTable()), address(reducerTable));
        vm.assertEq(address(termsRules.participantRegistry()), address(participants));
        vm.assertEq(reducerTable.reducerOf("rtb-impression/1"), address(rtbImpression1));
        vm.assertEq(address(validators.vault()), address(vault));
        Deployed memory told = lens.deployed();
        vm.assertEq(told.channels, address(channels));
        vm.assertEq(told.vault, address(vault));
        vm.assertEq(told.blocks, address(blocks));
        vm.assertEq(told.participantRegistry, address(participants));
        vm.assertEq(told.validatorRegistry, address(validators));
        vm.assertEq(told.reducerTable, address(reducerTable));
        vm.assertEq(told.adjudicator, ADJUDICATOR);
        vm.assertEq(told.questions, QUESTIONS);
        vm.assertEq(told.panel, PANEL);
        address[7] memory places = [
            address(channels),
            address(vault),
            address(blocks),
            address(participants),
            address(validators),
            address(reducerTable),
            address(lens)
        ];
        for (uint256 i = 0; i < places.length; i++) {
            vm.assertTrue(places[i].code.length > 0, "deployed");
        }
    }

    function test_wei_moves_at_the_word_of_five_contracts_and_of_nobody_else() public {
        WeiMove[] memory none = new WeiMove[](0);
        address[5] memory movers = [address(blocks), address(validators), ADJUDICATOR, QUESTIONS, PANEL];
        for (uint256 i = 0; i < movers.length; i++) {
            vm.prank(movers[i]);
            vault.moveWei(0, 0, none);
        }
        address[4] memory others = [address(this), address(channels), address(participants), address(lens)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, others[i]));
            vm.prank(others[i]);
            vault.moveWei(0, 0, none);
        }
    }

    function test_blocks_alone_has_a_block_paid() public {
        bytes32 channelId = open(termsFor(2));
        bytes32[] memory low = new bytes32[](1);
        bytes32[] memory high = new bytes32[](0);
        address[4] memory others = [address(this), address(channels), ADJUDICATOR, PANEL];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IVault.NotAllowed.selector, others[i]));
            vm.prank(others[i]);
            vault.pay(channelId, 0, 0, low, high);
        }
        vm.prank(address(blocks));
        vault.pay(channelId, 0, 0, low, high);
    }

    function test_the_adjudicator_alone_fells_results_and_the_others_strike_parts() public {
        bytes32 channelId = open(termsFor(2));
        address[3] memory others = [address(this), address(vault), account(0)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, others[i]));
            vm.prank(others[i]);
            blocks.fall(channelId, 0, 0);
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, others[i]));
            vm.prank(others[i]);
            blocks.strikePart(channelId, 0, 0, 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, PANEL));
        vm.prank(PANEL);
        blocks.fall(channelId, 0, 0);
        // Nothing there to fell or strike: another refusal than before.
        bytes memory why =
            abi.encodeWithSelector(IBlockFacts.WrongStage.selector, channelId, 0, Stage.Pending);
        vm.expectRevert(why);
        vm.prank(ADJUDICATOR);
        blocks.fall(channelId, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, ADJUDICATOR));
        vm.prank(ADJUDICATOR);
        blocks.strikePart(channelId, 0, 0, 1);
        address[2] memory strikers = [QUESTIONS, PANEL];
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(why);
            vm.prank(strikers[i]);
            blocks.strikePart(channelId, 0, 0, 1);
        }
    }

    function test_each_contract_is_2_kB_below_both_limits() public {
        fits("RtbImpression1", address(rtbImpression1), type(RtbImpression1).creationCode.length);
        fits("ReducerTable", address(reducerTable), type(ReducerTable).creationCode.length);
        fits("TermsRules", address(termsRules), type(TermsRules).creationCode.length);
        fits("ParticipantRegistry", address(participants), type(ParticipantRegistry).creationCode.length);
        fits("Channels", address(channels), type(Channels).creationCode.length);
        fits("Vault", address(vault), type(Vault).creationCode.length);
        fits("ValidatorRegistry", address(validators), type(ValidatorRegistry).creationCode.length);
        fits("Blocks", address(blocks), type(Blocks).creationCode.length);
        fits("BlockDisputes", address(blockDisputes), type(BlockDisputes).creationCode.length);
        fits("ResultRules", address(resultRules), type(ResultRules).creationCode.length);
        fits("Lens", address(lens), type(Lens).creationCode.length);
    }

    function fits(string memory name, address one, uint256 creationBytes) private view {
        vm.assertTrue(one.code.length > 0, name);
        vm.assertLe(one.code.length, DEPLOYED_BYTES_MAX, name);
        vm.assertLe(creationBytes, CREATION_BYTES_MAX, name);
    }
}
